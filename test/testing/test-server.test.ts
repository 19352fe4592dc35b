import type { CancelTimer } from "nanowire";
import { type ClientConnection, resumption } from "nanowire/client";
import { SteppedClock, startTestServer, type TestServer, type TestServerOptions } from "nanowire/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { Room } from "../../examples/chat/room.js";
import { RoomClient, RoomEventsClient } from "../../generated/chat/v1/room.client.js";
import { pushOf, components as servicesOf } from "../support/service.js";

async function start(options: Partial<TestServerOptions> = {}): Promise<TestServer> {
  const server = await startTestServer({ components: [new Room()], ...options });
  onTestFinished(() => (server.server.state === "running" ? server.stop() : undefined));
  return server;
}

/** How a connection ended, once it has. */
function endOf(connection: ClientConnection): () => string | undefined {
  let code: string | undefined;
  connection.onClose((reason) => {
    code = reason.code;
  });
  return () => code;
}

describe("a server for tests", () => {
  test("serves typed clients, with no port and no network", async () => {
    const test = await start();
    const [ada, eve] = [await test.connect(), await test.connect()];
    const heard: string[] = [];
    new RoomEventsClient(ada.connection).onSaid(({ name, text }) => void heard.push(`${name}: ${text}`));
    await new RoomClient(ada.connection).join({ name: "ada" });
    expect(await new RoomClient(eve.connection).join({ name: "eve" })).toEqual({ members: ["ada", "eve"] });
    await new RoomClient(eve.connection).say({ text: "hello" });
    await test.settled();
    expect(heard).toEqual(["eve: hello"]);
    expect(test.server.sessionsOf("eve")).toHaveLength(1);
  });

  test("passes hours of heartbeats at once, and a client that stands still is found out at its time", async () => {
    const test = await start();
    const [alive, still] = [await test.connect(), await test.connect()];
    const ends = [endOf(alive.connection), endOf(still.connection)];
    await test.advance(3_600_000);
    expect(ends.map((end) => end())).toEqual([undefined, undefined]);
    still.freeze();
    await test.advance(29_000);
    expect(test.server.sessions()).toHaveLength(2);
    await test.advance(120_000);
    expect(test.server.sessions()).toHaveLength(1);
    expect(test.server.counters.closed).toMatchObject({ heartbeat_timeout: 1 });
    expect(ends[0]?.()).toBeUndefined();
    expect(ends[1]?.()).toBe("heartbeat_timeout");
  });

  test("closes its clients for good when it stops, so that none that would come again keeps the process alive", async () => {
    const test = await start();
    const [plain, returning] = [await test.connect(), await test.connect({ reconnect: true })];
    const states: string[] = [];
    returning.connection.onState(({ state }) => void states.push(state));
    await test.stop();
    expect([plain.connection.state, returning.connection.state, test.clock.waiting]).toEqual(["closed", "closed", 0]);
    expect(states).toEqual(["reconnecting", "closed"]);
    expect((await plain.connection.closed).code).not.toBe("closed");
  });

  test("takes nobody for silent because the process stood still: sockets are looked at before it is asked again", async () => {
    const test = await start();
    const client = await test.connect();
    const end = endOf(client.connection);
    test.clock.stall(3_600_000);
    await test.advance(60_000);
    expect([end(), test.server.sessions().length]).toEqual([undefined, 1]);
  });

  test("holds back in the server what a client that stands still cannot have any more", async () => {
    const test = await start({ heartbeatIntervalMs: 0 });
    const client = await test.connect();
    const [session] = test.server.sessions();
    const told = pushOf("Events.Told", 7);
    const heard: string[] = [];
    client.connection.on(
      { route: told.route, code: 7, message: told.message.protobuf },
      (text) => void heard.push(text),
    );
    client.freeze();
    const texts = Array.from({ length: 30 }, (_, index) => String(index).padEnd(10_000));
    for (const text of texts) {
      session?.push(told, text);
      await test.settled();
    }
    // 65,536 bytes are under way, to the end of the push that made it more; one is written, the rest waits.
    expect(session?.blocked).toBe(true);
    expect(session?.waiting.messages).toBe(30 - 7);
    client.thaw();
    await test.settled();
    expect([session?.blocked, session?.waiting.bytes]).toEqual([false, 0]);
    expect(heard).toEqual(texts);
  });

  test("lets time-outs come at their time, on both sides", async () => {
    const [desk] = servicesOf({ Desk: { Wait: () => new Promise(() => {}) } });
    const test = await start({ components: desk === undefined ? [] : [desk], requestTimeoutMs: 5_000 });
    const { connection } = await test.connect();
    const method = {
      route: "Desk.Wait",
      code: 1,
      request: pushOf("", 0).message.protobuf,
      response: pushOf("", 0).message.protobuf,
    };
    let error: unknown;
    const answer = connection.request(method, "x").catch((reason: unknown) => {
      error = reason;
    });
    await test.advance(4_999);
    expect(error).toBeUndefined();
    await test.advance(1);
    await answer;
    expect(error).toMatchObject({ code: "deadline_exceeded", message: "Desk.Wait took longer than 5000 ms" });
  });

  test("stops, and starts again as another one, with nothing left of the first", async () => {
    const first = await start();
    const { connection } = await first.connect();
    const end = endOf(connection);
    await first.stop();
    expect(end()).toBe("connection_lost");
    expect(first.clock.waiting).toBe(0);
    const second = await start();
    expect(second.server.sessions()).toEqual([]);
  });

  test("tells what createServer tells", async () => {
    await expect(startTestServer({ components: [], maxPacketBytes: 1 })).rejects.toMatchObject({
      code: "invalid_option",
    });
  });
});

describe("a hand on the connection", () => {
  test("makes it slow, one way and the other, and keeps the order", async () => {
    const test = await start({ components: servicesOf({ Desk: { Echo: (_session, text) => text } }) });
    const client = await test.connect();
    client.conditions({ toServerMs: 40, toClientMs: 60 });
    const codec = pushOf("", 0).message.protobuf;
    const method = { route: "Desk.Echo", code: 1, request: codec, response: codec };
    const answers: string[] = [];
    const ask = (text: string): void => {
      void client.connection.request(method, text).then((answer) => answers.push(answer));
    };
    ask("a");
    await test.advance(20);
    test.clock.set(-3_600_000);
    client.conditions({ toServerMs: 0 });
    ask("b");
    await test.advance(19);
    expect(test.server.counters.requests).toBe(0);
    await test.advance(1);
    expect(test.server.counters.requests).toBe(2);
    await test.advance(59);
    expect(answers).toEqual([]);
    await test.advance(1);
    expect(answers).toEqual(["a", "b"]);
  });

  test("lets bytes come one by one, and nothing is lost", async () => {
    const test = await start();
    const { connection } = await test.connect({ conditions: { pieceBytes: 1 } });
    expect(await new RoomClient(connection).join({ name: "ada" })).toEqual({ members: ["ada"] });
  });

  test("lets what waited pass when it thaws", async () => {
    const test = await start();
    const client = await test.connect();
    client.freeze();
    const joined = new RoomClient(client.connection).join({ name: "ada" });
    await test.advance(1_000);
    expect(test.server.sessionsOf("ada")).toEqual([]);
    client.thaw();
    expect(await joined).toEqual({ members: ["ada"] });
  });

  test("breaks it: both sides find it gone, and what was under way fails", async () => {
    const test = await start();
    const client = await test.connect();
    const end = endOf(client.connection);
    const joined = new RoomClient(client.connection).join({ name: "ada" });
    client.cut();
    await expect(joined).rejects.toMatchObject({ code: "unavailable" });
    expect(end()).toBe("connection_lost");
    await test.settled();
    expect(test.server.sessions()).toEqual([]);
    client.cut();
    client.conditions({ toServerMs: 5 });
  });

  test("keeps clients out, and lets them in again", async () => {
    const test = await start();
    test.reachable = false;
    await expect(test.connect()).rejects.toMatchObject({ code: "connect_failed" });
    test.reachable = true;
    await test.connect();
    expect(test.server.sessions()).toHaveLength(1);
  });
});

describe("a clock that is stepped", () => {
  test("calls timers in the order of their time, and tells which is next", () => {
    const clock = new SteppedClock(1_000);
    const seen: string[] = [];
    const cancels: CancelTimer[] = [
      clock.after(30, () => void seen.push(`c ${clock.now()}`)),
      clock.every(20, () => void seen.push(`b ${clock.now()}`)),
      clock.after(10, () => void seen.push(`a ${clock.now()}`)),
    ];
    expect([clock.nextAt, clock.waiting]).toEqual([1_010, 3]);
    clock.step(40);
    expect(seen).toEqual(["a 1010", "b 1020", "c 1030", "b 1040"]);
    cancels[1]?.();
    expect([clock.nextAt, clock.waiting, clock.now()]).toEqual([undefined, 0, 1_040]);
  });

  test("breaks it after so many bytes, in the middle of a packet", async () => {
    const test = await start({ components: servicesOf({ Desk: { Echo: (_session, text) => text } }) });
    const codec = pushOf("", 0).message.protobuf;
    const method = { route: "Desk.Echo", code: 1, request: codec, response: codec };
    const client = await test.connect();
    const end = endOf(client.connection);
    client.cutAfter({ toServerBytes: 5 });
    const answer = client.connection.request(method, "x").catch((error: unknown) => error);
    expect(await answer).toMatchObject({ code: "unavailable", cause: { code: "connection_lost" } });
    await test.settled();
    expect([end(), test.server.counters.requests, test.server.counters.open]).toEqual(["connection_lost", 0, 0]);

    const other = await test.connect();
    const otherEnd = endOf(other.connection);
    other.cutAfter({ toClientBytes: 1 });
    await other.connection.request(method, "x").catch(() => {});
    await test.settled();
    expect([otherEnd(), test.server.counters.requests]).toEqual(["connection_lost", 1]);

    const last = await test.connect();
    last.cutAfter({ toClientBytes: 0 });
    expect(last.connection.state).toBe("closed");
  });

  test("breaks it before an answer is through; a session that is resumed has it all the same", async () => {
    const test = await start({ resume: true });
    const client = await test.connect({ reconnect: { resume: resumption } });
    client.cutAfter({ toClientBytes: 1 });
    const joined = new RoomClient(client.connection).join({ name: "ada" });
    await client.comeBack();
    await test.settled();
    expect((await joined).members).toEqual(["ada"]);
    expect(test.server.counters).toMatchObject({ resumed: 1, requests: 1, sessions: 1 });
  });

  test("takes the client away without a word to the server", async () => {
    const test = await start();
    const client = await test.connect();
    client.vanish();
    await test.settled();
    expect([client.connection.state, test.server.counters.open]).toEqual(["closed", 1]);
    await test.advance(90_000);
    expect(test.server.counters).toMatchObject({ open: 0, closed: { heartbeat_timeout: 1 } });
  });

  test("waits for a client to come back, and says when it does not", async () => {
    const test = await start();
    const client = await test.connect({ reconnect: true });
    client.cut();
    await client.comeBack();
    expect([client.connection.state, test.server.sessions().length]).toEqual(["open", 1]);
    expect(test.clock.now() % 1).toBe(0);
    client.cut();
    test.reachable = false;
    await expect(client.comeBack(5_000)).rejects.toMatchObject({ code: "deadline_exceeded" });
    client.connection.close();
    await expect(client.comeBack()).rejects.toMatchObject({ code: "unavailable" });
  });
});
