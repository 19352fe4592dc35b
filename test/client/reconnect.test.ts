import { afterEach, describe, expect, it, vi } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import type { ClientConnection, ConnectionStatus } from "../../runtime/client/client-connection.js";
import { connect } from "../../runtime/client/index.js";
import type { ReconnectOptions } from "../../runtime/client/reconnect-options.js";
import { data, FakeServer, handshakePacket, packet, rejection, settled } from "./support/fake-server.js";
import { join, said, say } from "./support/text-codec.js";

const knowsDrain = { sys: { capabilities: ["drain"] } };
const ack = "02000000";
const leaveHex = hexOf(toPacket(6, { leave: true }));

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a connection that breaks", () => {
  it("is made again, with pauses that double up to a limit, and tells each state", async () => {
    const { server, connection, states } = await start({ maxDelayMs: 3_000 });
    const dialled = refuseDials(server);
    server.close();
    for (const delayMs of [500, 1_000, 2_000, 3_000, 3_000]) {
      expect(connection.status).toMatchObject({ state: "reconnecting", delayMs });
      server.clock.step(delayMs - 1);
      expect(connection.state).toBe("reconnecting");
      server.clock.step(1);
      expect(connection.state).toBe("connecting");
      await settled();
    }
    expect(dialled).toHaveBeenCalledTimes(5);
    dialled.mockRestore();
    server.clock.step(3_000);
    await settled();
    server.send(handshakePacket());
    await settled();
    expect(connection.state).toBe("open");
    expect(states.slice(0, 5)).toEqual([
      ["reconnecting", 1, "connection_lost"],
      ["connecting", 1],
      ["reconnecting", 2, "connect_failed"],
      ["connecting", 2],
      ["reconnecting", 3, "connect_failed"],
    ]);
    expect(states.slice(-2)).toEqual([["connecting", 6], ["open"]]);
  });

  it("goes on as the same object: its listeners, and what is called on it", async () => {
    const { server, connection } = await start();
    const heard: string[] = [];
    connection.on(said, (message) => heard.push(message));
    server.send(data("06 0f 'RoomEvents.Said' 'before'"));
    await comeBack(server);
    server.send(data("06 0f 'RoomEvents.Said' 'after'"));
    expect(heard).toEqual(["before", "after"]);
    const answer = connection.request(join, "x");
    server.send(data("04 01 'y'"));
    expect(await answer).toBe("y");
  });

  it("tells what the last handshake said", async () => {
    const { server, connection } = await start();
    server.close();
    server.clock.step(500);
    await settled();
    server.send(handshakePacket({ user: "second" }));
    await settled();
    expect(connection.handshake.user).toBe("second");
  });

  it("leaves a part of each pause to chance", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    const { server, connection } = await start({ jitter: 0.4 });
    server.close();
    expect(connection.status).toMatchObject({ delayMs: 400 });
  });

  it("begins with the shortest pause again when it held for 5 seconds, and not before", async () => {
    const { server, connection } = await start();
    server.close();
    expect(connection.status).toMatchObject({ attempt: 1, delayMs: 500 });
    server.clock.step(500);
    await settled();
    server.send(handshakePacket());
    await settled();
    server.clock.step(4_999);
    server.close();
    expect(connection.status).toMatchObject({ attempt: 2, delayMs: 1_000 });
    server.clock.step(1_000);
    await settled();
    server.send(handshakePacket());
    await settled();
    server.clock.step(5_000);
    server.close();
    expect(connection.status).toMatchObject({ attempt: 1, delayMs: 500 });
  });

  it("is closed for good after maxAttempts, with the reason of the last", async () => {
    const { server, connection } = await start({ maxAttempts: 2 });
    refuseDials(server);
    server.close();
    for (const delayMs of [500, 1_000]) {
      server.clock.step(delayMs);
      await settled();
    }
    expect(await connection.closed).toMatchObject({ code: "connect_failed" });
    expect(connection.state).toBe("closed");
    expect(server.clock.timers).toBe(0);
  });

  it("is closed for good at once where nothing else was asked for, or where the first attempt fails", async () => {
    const server = new FakeServer();
    const connection = await server.connected();
    server.close();
    expect(await connection.closed).toMatchObject({ code: "connection_lost" });

    const other = new FakeServer();
    refuseDials(other);
    expect(
      await rejection(connect((given) => other.dial(given), { clock: other.clock, reconnect: true })),
    ).toMatchObject({
      code: "connect_failed",
    });
    expect(other.clock.timers).toBe(0);
  });

  it("is told of from the first attempt on", async () => {
    const states: ConnectionStatus[] = [];
    const server = new FakeServer();
    await server.connected({}, { onState: (status) => states.push(status) });
    server.close();
    expect(states).toMatchObject([
      { state: "connecting", attempt: 1 },
      { state: "open" },
      { state: "closed", reason: { code: "connection_lost" } },
    ]);
  });

  it("keeps the process alive in a pause, and not after it", async () => {
    const set = vi.spyOn(globalThis, "setInterval");
    const clear = vi.spyOn(globalThis, "clearInterval");
    const { server, connection } = await start();
    server.close();
    expect(set).toHaveBeenCalledTimes(1);
    const hold = set.mock.results[0]?.value as ReturnType<typeof setInterval>;
    expect(hold.hasRef()).toBe(true);
    connection.close();
    expect(clear).toHaveBeenCalledWith(hold);
  });
});

describe("a request", () => {
  it("that was under way when the connection broke fails at once", async () => {
    const { server, connection } = await start();
    const answer = connection.request(join, "");
    server.close(new NanowireError("connection_lost", "the cable was cut"));
    expect(await rejection(answer)).toMatchObject({
      code: "unavailable",
      message: "the connection was closed before Room.Join was answered: the cable was cut",
      cause: { code: "connection_lost" },
    });
    expect(connection.state).toBe("reconnecting");
  });

  it("that is made meanwhile waits, and is sent in the order of the calls", async () => {
    const { server, connection } = await start();
    server.close();
    connection.notify(say, "a");
    const answer = connection.request(join, "b");
    connection.notify(say, "c");
    expect(connection.offline).toMatchObject({ messages: 3, dropped: 0 });
    await comeBack(server);
    expect(server.sent.slice(-4)).toEqual([ack, ...[notifyOf("a"), requestOf(1, "b"), notifyOf("c")]]);
    expect(connection.offline).toMatchObject({ messages: 0, bytes: 0, dropped: 0 });
    server.send(data("04 01 'y'"));
    expect(await answer).toBe("y");
  });

  it("that waits is given up by its time-out or its signal, and not sent then", async () => {
    const { server, connection } = await start({ minDelayMs: 10_000 });
    server.close();
    const controller = new AbortController();
    const late = connection.request(join, "late", { timeoutMs: 100 });
    const unwanted = connection.request(join, "unwanted", { signal: controller.signal });
    controller.abort("changed my mind");
    expect(await rejection(unwanted)).toMatchObject({ code: "canceled" });
    server.clock.step(100);
    expect(await rejection(late)).toMatchObject({ code: "deadline_exceeded" });
    await comeBack(server, 9_900);
    expect(server.sent.at(-1)).toBe(ack);
  });

  it("that waits is not hurt by an attempt that fails", async () => {
    const { server, connection } = await start();
    server.close();
    const answer = connection.request(join, "x");
    server.clock.step(500);
    await settled();
    server.close();
    await comeBack(server, 1_000);
    server.send(data("04 01 'y'"));
    expect(await answer).toBe("y");
  });

  it("fails at once where that was asked for", async () => {
    const { server, connection } = await start({ offlineRequests: "fail" });
    server.close();
    expect(await rejection(connection.request(join, ""))).toMatchObject({
      code: "unavailable",
      message: "Room.Join cannot be sent: the connection is reconnecting",
      cause: { code: "connection_lost" },
    });
    expect(() => connection.notify(say, "")).not.toThrow();
  });
});

describe("what waits", () => {
  it("is bounded in number: the oldest notifies give way, requests do not", async () => {
    const { server, connection } = await start({ maxOfflineMessages: 3 });
    server.close();
    connection.notify(say, "a");
    const first = connection.request(join, "b");
    connection.notify(say, "c");
    const second = connection.request(join, "d");
    connection.notify(say, "e");
    const third = connection.request(join, "f");
    expect(connection.offline).toMatchObject({ messages: 3, dropped: 3 });
    const refused = await rejection(connection.request(join, "g"));
    expect(refused).toMatchObject({ code: "unavailable" });
    expect(refused.message).toMatch(/^Room\.Join cannot wait for a connection: 3 messages, \d+ bytes, wait already$/);
    expect(() => connection.notify(say, "h")).toThrow("Room.Say cannot wait");
    await comeBack(server);
    expect(server.sent.slice(-4)).toEqual([ack, requestOf(1, "b"), requestOf(2, "d"), requestOf(3, "f")]);
    server.send(data("04 03 'F'"), data("04 02 'D'"), data("04 01 'B'"));
    expect(await Promise.all([first, second, third])).toEqual(["B", "D", "F"]);
  });

  it("is bounded in bytes", async () => {
    // 14 bytes before the text: packet header, flag, length and route.
    const { server, connection } = await start({ maxOfflineBytes: 50 });
    server.close();
    connection.notify(say, "x".repeat(10));
    connection.notify(say, "y".repeat(10));
    expect(connection.offline).toEqual(expect.objectContaining({ messages: 2, bytes: 48, dropped: 0 }));
    connection.notify(say, "z".repeat(20));
    expect(connection.offline).toEqual(expect.objectContaining({ messages: 1, bytes: 34, dropped: 2 }));
    expect(() => connection.notify(say, "x".repeat(37))).toThrow("cannot wait");
    expect(connection.offline.messages).toBe(1);
  });

  it("is nothing where none may", async () => {
    const { server, connection } = await start({ maxOfflineMessages: 0 });
    server.close();
    expect(() => connection.notify(say, "x")).toThrow(NanowireError);
    expect((await rejection(connection.request(join, ""))).code).toBe("unavailable");
  });

  it("makes room by requests that nobody waits for any more", async () => {
    const { server, connection } = await start({ maxOfflineMessages: 1 });
    server.close();
    const controller = new AbortController();
    const unwanted = rejection(connection.request(join, "a", { signal: controller.signal }));
    controller.abort();
    expect((await unwanted).code).toBe("canceled");
    connection.notify(say, "b");
    expect(connection.offline).toMatchObject({ messages: 1, dropped: 0 });
    await comeBack(server);
    expect(server.sent.slice(-2)).toEqual([ack, notifyOf("b")]);
  });
});

describe("onReconnected", () => {
  it("logs in before anything that waits is sent; what others call meanwhile waits", async () => {
    let loggedIn: string | undefined;
    const { server, connection, states } = await start({
      onReconnected: async (again) => {
        loggedIn = await again.request(join, "login");
        again.notify(say, "hello");
      },
    });
    server.close();
    connection.notify(say, "a");
    await comeBack(server);
    connection.notify(say, "b");
    expect(server.sent.slice(-2)).toEqual([ack, requestOf(1, "login")]);
    expect(connection.state).toBe("connecting");
    server.send(data("04 01 'welcome'"));
    await settled();
    expect(loggedIn).toBe("welcome");
    expect(server.sent.slice(-3)).toEqual([notifyOf("hello"), notifyOf("a"), notifyOf("b")]);
    expect(states.at(-1)).toEqual(["open"]);
  });

  it("that fails is a failed attempt", async () => {
    const { server, connection } = await start({
      onReconnected: async (again) => {
        await again.request(join, "login", { timeoutMs: 50 });
      },
    });
    server.close();
    connection.notify(say, "a");
    await comeBack(server);
    server.clock.step(50);
    await settled();
    expect(connection.status).toMatchObject({
      state: "reconnecting",
      attempt: 2,
      reason: { code: "deadline_exceeded" },
    });
    expect(connection.offline.messages).toBe(1);
  });

  it("may give the connection up", async () => {
    const { server, connection } = await start({ onReconnected: (again) => again.close() });
    await comeBack(server);
    expect(await connection.closed).toMatchObject({ code: "closed" });
    expect(server.clock.timers).toBe(0);
  });

  it("sees the connection as it is, and can do nothing on a link that has ended", async () => {
    let again: ClientConnection | undefined;
    const { server, connection } = await start({
      onReconnected: (given) => {
        again = given;
      },
    });
    await comeBack(server);
    const direct = again as ClientConnection;
    expect(direct.state).toBe("open");
    expect(direct.status).toBe(connection.status);
    expect(direct.handshake).toBe(connection.handshake);
    expect(direct.closed).toBe(connection.closed);
    expect(direct.roundTrip).toBe(connection.roundTrip);
    expect(direct.offline).toBe(connection.offline);
    const heard: unknown[] = [];
    direct.on(said, (message) => heard.push(message));
    direct.onState(({ state }) => heard.push(state));
    direct.onKick((reason) => heard.push(reason));
    direct.onClose(({ code }) => heard.push(code));
    server.send(data("06 0f 'RoomEvents.Said' 'x'"));
    server.close();
    expect((await rejection(direct.request(join, ""))).code).toBe("unavailable");
    expect(() => direct.notify(say, "")).toThrow("Room.Say cannot be sent");
    direct.close();
    expect(heard).toEqual(["x", "reconnecting", "closed", "closed"]);
  });
});

describe("what is not tried again", () => {
  it("is a kick, unless the server says so", async () => {
    const { server, connection } = await start();
    const kicks: string[] = [];
    connection.onKick((reason) => kicks.push(reason));
    server.send(toPacket(5, { reason: "restart", retry: { afterMs: 2_000, spreadMs: 0 } }));
    expect(connection.status).toMatchObject({ state: "reconnecting", delayMs: 2_000, reason: { code: "kicked" } });
    await comeBack(server, 2_000);
    server.send(packet(5, `'{"reason":"cheating"}'`));
    expect(await connection.closed).toMatchObject({ code: "kicked", details: { reason: "cheating" } });
    expect(kicks).toEqual(["restart", "cheating"]);
    expect(server.clock.timers).toBe(0);
  });

  it("is a handshake that was refused, unless the server says so", async () => {
    const { server, connection } = await start();
    server.close();
    server.clock.step(500);
    await settled();
    server.send(toPacket(1, { code: 400, sys: {}, error: "server_draining", retry: { afterMs: 7_000 } }));
    expect(connection.status).toMatchObject({ state: "reconnecting", delayMs: 7_000 });
    server.clock.step(7_000);
    await settled();
    server.send(handshakePacket({ code: 400, error: "banned" }));
    expect(await connection.closed).toMatchObject({ code: "handshake_refused", details: { error: "banned" } });
    expect(server.clock.timers).toBe(0);
  });
});

describe("the end", () => {
  const moments: readonly [string, (server: FakeServer) => Promise<void>][] = [
    ["while it is open", async () => {}],
    ["in a pause", async (server) => server.close()],
    [
      "in an attempt",
      async (server) => {
        server.close();
        server.clock.step(500);
        await settled();
      },
    ],
  ];

  it.each(moments)("comes by the signal, %s", async (_, prepare) => {
    const controller = new AbortController();
    const { server, connection } = await start({}, controller.signal);
    await prepare(server);
    const waiting = rejection(connection.request(join, ""));
    controller.abort("enough");
    expect(await connection.closed).toMatchObject({ code: "canceled", cause: "enough" });
    expect((await waiting).code).toBe("unavailable");
    expect(connection.status).toMatchObject({ state: "closed", reason: { code: "canceled" } });
    expect(server.clock.timers).toBe(0);
    server.clock.step(1_000_000);
    expect(connection.state).toBe("closed");
  });

  it.each(moments)("comes by close(), %s; what waits is dropped and counted", async (_, prepare) => {
    const { server, connection, states } = await start();
    await prepare(server);
    connection.notify(say, "a");
    const waiting = rejection(connection.request(join, ""));
    const before = connection.offline.messages;
    connection.close();
    connection.close();
    expect(await waiting).toMatchObject({ code: "unavailable", cause: { code: "closed" } });
    expect(connection.offline).toMatchObject({ messages: 0, bytes: 0, dropped: before === 0 ? 0 : 1 });
    expect(states.at(-1)).toEqual(["closed", "closed"]);
    expect(server.clock.timers).toBe(0);
  });

  it("leaves no listener at the signal", async () => {
    const controller = new AbortController();
    const remove = vi.spyOn(controller.signal, "removeEventListener");
    const { connection } = await start({}, controller.signal);
    expect(remove).not.toHaveBeenCalled();
    connection.close();
    expect(remove).toHaveBeenCalledTimes(1);
  });
});

describe("a server that is about to stop", () => {
  const drain = { drain: { reason: "update", graceMs: 10_000, afterMs: 3_000, spreadMs: 2_000 } };

  it("is left: nothing more is sent, what is under way is answered, and the client comes back when it was told to", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    const { server, connection } = await start();
    const notices: unknown[] = [];
    connection.onDrain((notice) => notices.push(notice));
    const answer = connection.request(join, "x");
    server.send(toPacket(6, drain));
    connection.notify(say, "later");
    expect(server.sent.slice(-2)).toEqual([requestOf(1, "x"), leaveHex]);
    expect(notices).toEqual([{ reason: "update", delayMs: 4_000, url: undefined }]);
    server.send(data("04 01 'y'"));
    expect(await answer).toBe("y");
    server.clock.step(1_000);
    server.close();
    expect(connection.status).toMatchObject({ state: "reconnecting", delayMs: 3_000 });
    await comeBack(server, 3_000);
    expect(server.sent.slice(-2)).toEqual([ack, notifyOf("later")]);
  });

  it.each([3_600_000, -3_600_000])("is come back to in time, also when the clock was set by %d ms", async (setMs) => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    const { server, connection } = await start();
    server.send(toPacket(6, drain));
    server.clock.step(1_000);
    server.clock.set(setMs);
    server.close();
    expect(connection.status).toMatchObject({ state: "reconnecting", delayMs: 3_000 });
  });

  it("is given up when it does not let the client go", async () => {
    const { server, connection, states } = await start();
    server.send(toPacket(6, drain), toPacket(6, drain));
    server.clock.step(9_999);
    expect(connection.state).toBe("open");
    server.clock.step(1);
    expect(states).toContainEqual(["reconnecting", 1, "server_draining"]);
    expect(server.sent.filter((sent) => sent === leaveHex)).toHaveLength(1);
  });

  it("is not left before the time has come where there is another to go to", async () => {
    const { server, connection } = await start();
    server.send(toPacket(6, { drain: { ...drain.drain, spreadMs: 0, url: "ftp://elsewhere" } }));
    connection.notify(say, "still here");
    expect(server.sent.at(-1)).toBe(notifyOf("still here"));
    server.clock.step(3_000);
    expect(server.sent.at(-1)).toBe(leaveHex);
    server.close();
    expect(connection.status).toMatchObject({ state: "reconnecting", delayMs: 0 });
    // A URL that cannot be dialled is none: it goes back to where it was.
    await comeBack(server, 0);
    expect(connection.state).toBe("open");
    expect(server.logger.messages("warn")).toEqual(["the server sent the client to where it cannot go"]);
  });

  it("kicks in the end whom it could not wait for: such a client comes back all the same", async () => {
    const { server, connection } = await start();
    server.send(toPacket(6, { drain: { afterMs: 1_000 } }), toPacket(5, { reason: "server_stopped" }));
    expect(connection.status).toMatchObject({ state: "reconnecting" });
  });

  it("tells a client without reconnect nothing that it would obey", async () => {
    const server = new FakeServer();
    const connection = await server.connected(knowsDrain);
    server.send(toPacket(6, drain), packet(6, ""), packet(6, "'null'"), packet(6, "'[1'"), toPacket(6, { other: 1 }));
    expect(connection.state).toBe("open");
    expect(server.sent).toEqual([]);
    expect(server.clock.timers).toBe(0);
  });
});

describe("the round-trip time", () => {
  it("is measured by the handshake and by requests, where the server answers no pings", async () => {
    const server = new FakeServer();
    const { connecting } = await server.dialled();
    server.clock.step(80);
    server.send(handshakePacket());
    const connection = await connecting;
    expect(connection.roundTrip).toMatchObject({ lastMs: 80, smoothedMs: 80 });
    const answer = connection.request(join, "");
    server.clock.step(100);
    // The wall clock is not what it is measured by.
    server.clock.set(-3_600_000);
    server.clock.step(60);
    server.send(data("04 01 'x'"));
    await answer;
    expect(connection.roundTrip).toMatchObject({ lastMs: 160, smoothedMs: 90 });
  });

  it("is measured by pings, every heartbeat, where the server answers them", async () => {
    const server = new FakeServer();
    const { connecting } = await server.dialled();
    server.send(handshakePacket({ sys: { heartbeat: 10, capabilities: ["ping"] } }));
    const connection = await connecting;
    expect(server.sent.slice(1)).toEqual([ack, "03000000", hexOf(toPacket(6, { ping: 1 }))]);
    server.clock.step(40);
    server.send(toPacket(6, { pong: 0 }), toPacket(6, { pong: "1" }));
    expect(connection.roundTrip.lastMs).toBe(0);
    server.send(toPacket(6, { pong: 1 }));
    expect(connection.roundTrip).toMatchObject({ lastMs: 40, smoothedMs: 5 });
    const answer = connection.request(join, "");
    server.clock.step(1_000);
    server.send(data("04 01 'x'"));
    await answer;
    expect(connection.roundTrip.lastMs).toBe(40);
    server.clock.step(8_960);
    expect(server.sent.at(-1)).toBe(hexOf(toPacket(6, { ping: 2 })));
  });
});

describe("options", () => {
  it.each([
    ["minDelayMs", 0],
    ["minDelayMs", 2 ** 31],
    ["maxDelayMs", 499],
    ["jitter", -0.1],
    ["jitter", 1.1],
    ["maxAttempts", -1],
    ["maxAttempts", 0.5],
    ["maxOfflineMessages", 1_000_001],
    ["maxOfflineBytes", Number.NaN],
    ["maxOfflineBytes", "many"],
    ["offlineRequests", "later"],
  ])("%s %s is refused", async (name, value) => {
    const error = await rejection(connect(new FakeServer().dial, { reconnect: { [name]: value } }));
    expect(error.code).toBe("invalid_option");
    expect(error.message).toMatch(new RegExp(`^reconnect\\.${name} ${value} is not `));
  });
});

interface Started {
  readonly server: FakeServer;
  readonly connection: ClientConnection;
  /** What was told of its states since it was open. */
  readonly states: unknown[][];
}

/** A connection that is open, and made again without chance. */
async function start(reconnect: ReconnectOptions = {}, signal?: AbortSignal): Promise<Started> {
  const server = new FakeServer();
  const connecting = connect((given) => server.dial(given), {
    clock: server.clock,
    logger: server.logger,
    reconnect: { jitter: 0, ...reconnect },
    ...(signal === undefined ? {} : { signal }),
  });
  await settled();
  server.send(handshakePacket(knowsDrain));
  const connection = await connecting;
  const states: unknown[][] = [];
  connection.onState((status) => {
    const { state } = status;
    const rest = "reason" in status ? [status.reason.code] : [];
    states.push([state, ...("attempt" in status ? [status.attempt] : []), ...rest]);
  });
  return { server, connection, states };
}

/** The connection breaks, where it has not yet, and is made again. */
async function comeBack(server: FakeServer, delayMs = 500): Promise<void> {
  server.close();
  server.clock.step(delayMs);
  await settled();
  server.send(handshakePacket());
  await settled();
}

function refuseDials(server: FakeServer) {
  return vi.spyOn(server, "dial").mockRejectedValue(new NanowireError("connect_failed", "nobody is there"));
}

function toPacket(type: number, body: object): Uint8Array {
  return packet(type, new TextEncoder().encode(JSON.stringify(body)));
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** `Room.Say` with its route in full. */
function notifyOf(text: string): string {
  return hexOf(data(`02 08 'Room.Say' '${text}'`));
}

function requestOf(id: number, text: string): string {
  return hexOf(data(`00 0${id} 09 'Room.Join' '${text}'`));
}
