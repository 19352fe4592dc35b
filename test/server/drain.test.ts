import process from "node:process";
import { describe, expect, it, onTestFinished } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { silentLogger } from "../../runtime/base/logger.js";
import { connect } from "../../runtime/client/index.js";
import type { ClientMethod } from "../../runtime/client/method.js";
import { emptyMessage } from "../../runtime/protocol/codec.js";
import { createServer, type Server } from "../../runtime/server/server.js";
import { memory } from "../../runtime/transport/memory.js";
import { tcp } from "../../runtime/transport/tcp.js";
import type { ListenAddress } from "../../runtime/transport/transport.js";
import { ws } from "../../runtime/transport/ws.js";
import { rejection } from "../client/support/fake-server.js";
import { concat } from "../protocol/hex.js";
import { notify, packet, request, textOf } from "../support/client.js";
import { KeptLog } from "../support/log.js";
import { startServer, transportNames } from "../support/server.js";
import { components, type TestComponent, textCodec } from "../support/service.js";
import { defer, turn, until } from "../support/wait.js";

const ours = { sys: { type: "nanowire", version: "0", capabilities: ["drain", "ping"] } };

/** What the client says when it goes. */
const leave = packet(6, '{"leave":true}');

function slowly() {
  const begun = defer();
  const go = defer<string>();
  const told: string[] = [];
  const services = {
    S: {
      slow: {
        handle: () => {
          begun.resolve();
          return go.promise;
        },
      },
      tell: {
        kind: "notify" as const,
        handle: async (_: unknown, text: string) => {
          await turn();
          told.push(text);
          return "";
        },
      },
    },
  };
  return { services, begun, go, told };
}

describe("server.drain", () => {
  it.each(transportNames)("lets what runs finish, and kicks who does not go by himself, over %s", async (transport) => {
    const { services, begun, go } = slowly();
    const { server, clock, enter } = await startServer({ services, transport, requestTimeoutMs: 0 });
    const client = await enter();
    client.send(request(1, "S.slow"));
    await begun.promise;
    const drained = server.drain({ graceMs: 60_000, reason: "update" });
    expect(server.health).toEqual({
      live: true,
      ready: false,
      state: "draining",
      connections: 1,
      sessions: 1,
      arriving: 0,
      full: false,
    });
    await turn();
    clock.step(59_999);
    expect(server.counters.sessions).toBe(1);
    go.resolve("done");
    await turn();
    await turn();
    clock.step(50);
    expect((await client.message()).text).toBe("done");
    const kick = await client.packet();
    expect([kick.type, textOf(kick.body)]).toEqual([5, '{"reason":"update"}']);
    await drained;
    expect(server.counters).toMatchObject({ open: 0, closed: { server_stopped: 1 } });
    expect(server.state).toBe("draining");
    await server.stop();
    expect(server.health).toEqual({
      live: false,
      ready: false,
      state: "stopped",
      connections: 0,
      sessions: 0,
      arriving: 0,
      full: false,
    });
  });

  it("kicks whoever is left when the time is over", async () => {
    const { services, begun } = slowly();
    const { server, clock, enter } = await startServer({ services });
    const before = clock.waiting;
    const [stranger, known] = [await enter(), await enter(ours)];
    stranger.send(request(1, "S.slow"));
    await begun.promise;
    const drained = server.drain({ graceMs: 100, afterMs: 7, spreadMs: 8, url: "ws://there" });
    await turn();
    clock.step(99);
    expect(server.counters.sessions).toBe(2);
    clock.step(1);
    await drained;
    expect(textOf((await stranger.packet()).body)).toBe('{"reason":"server_stopped"}');
    expect(JSON.parse(textOf((await known.packet()).body))).toEqual({
      drain: { graceMs: 100, reason: "server_stopped", afterMs: 7, spreadMs: 8, url: "ws://there" },
    });
    expect(JSON.parse(textOf((await known.packet()).body))).toEqual({
      reason: "server_stopped",
      retry: { afterMs: 7, spreadMs: 8, url: "ws://there" },
    });
    expect(clock.waiting - before).toBe(1);
  });

  it("lets a client go that says so, when all that it sent is handled", async () => {
    const { services, told } = slowly();
    const { server, clock, enter } = await startServer({ services });
    const client = await enter(ours);
    const drained = server.drain();
    expect((await client.packet()).type).toBe(6);
    client.send(concat(notify("S.tell", "a"), notify("S.tell", "b"), leave));
    await until(() => told.length === 2);
    await turn();
    clock.step(50);
    await drained;
    expect(told).toEqual(["a", "b"]);
    expect(server.counters.closed).toEqual({ server_draining: 1 });
  });

  it("tells a client that is just shaking hands, and refuses who begins to", async () => {
    const judged = defer();
    const { services, begun, go } = slowly();
    const { server, clock, enter, open } = await startServer({ services, onHandshake: () => judged.promise });
    judged.resolve();
    const busy = await enter();
    busy.send(request(1, "S.slow"));
    await begun.promise;
    const late = await open();
    const drained = server.drain({ afterMs: 5_000, spreadMs: 0 });
    late.send(packet(1, JSON.stringify(ours)));
    expect(JSON.parse(textOf((await late.packet()).body))).toMatchObject({
      code: 400,
      error: "server_draining",
      retry: { afterMs: 5_000, spreadMs: 0 },
    });
    await late.ended;
    go.resolve("");
    await turn();
    await turn();
    clock.step(50);
    await drained;
  });

  it("asks nobody to come back whom the application refuses meanwhile", async () => {
    const judged = defer();
    const { server, clock, open } = await startServer({ onHandshake: () => judged.promise });
    const client = await open();
    client.send(packet(1, JSON.stringify(ours)));
    await turn();
    const drained = server.drain();
    judged.reject(new NanowireError("banned", "not you"));
    const answer = JSON.parse(textOf((await client.packet()).body));
    expect(answer).toEqual({ code: 400, sys: {}, error: "banned", reason: "not you" });
    await client.ended;
    clock.step(50);
    await drained;
  });

  it("is ended at once by stop, and can be done once", async () => {
    const { services, begun } = slowly();
    const { server, enter } = await startServer({ services });
    const client = await enter();
    client.send(request(1, "S.slow"));
    await begun.promise;
    const drained = server.drain();
    expect(await rejection(server.drain())).toMatchObject({ code: "invalid_state" });
    await turn();
    await server.stop();
    await drained;
    expect(server.state).toBe("stopped");
    await server.start();
    expect(server.health).toMatchObject({ live: true, ready: true, state: "running" });
  });

  it.each([
    ["graceMs", -1],
    ["afterMs", 86_400_001],
    ["spreadMs", Number.NaN],
    ["reason", "x".repeat(257)],
    ["url", "http://there"],
    ["url", "there"],
    ["graceMs", ""],
    ["graceMs", true],
    ["url", new URL("ws://there")],
  ])("does not take %s %s", async (name, value) => {
    const { server } = await startServer();
    const error = await rejection(server.drain({ [name]: value }));
    expect(error).toMatchObject({ code: "invalid_option" });
    expect(error.message.startsWith(`${name} ${value} is not `)).toBe(true);
    expect(server.state).toBe("running");
    expect((await rejection(server.stop({ [name]: value }))).code).toBe("invalid_option");
    expect(() => server.stopOnSignals({ [name]: value })).toThrow("is not");
  });
});

describe("the options of drain, stop and stopOnSignals", () => {
  it("have no other names: a slip is told, and nothing is stopped", async () => {
    const { server } = await startServer();
    const names = "graceMs, reason, afterMs, spreadMs, url";
    const slip = { grace: 5_000 } as object;
    expect((await rejection(server.drain(slip))).message).toBe(`there is no option drain.grace; there are ${names}`);
    expect((await rejection(server.stop(slip))).message).toBe(`there is no option stop.grace; there are ${names}`);
    expect(() => server.stopOnSignals(slip)).toThrow("there is no option stopOnSignals.grace; there are ");
    expect(server.state).toBe("running");
  });

  it.each(["SIGNONE", "SIGKILL", "SIGSTOP", 15, null])("name signals that can be heard, not %s", async (signal) => {
    const { server } = await startServer();
    const before = process.listenerCount("SIGUSR2");
    const signals = ["SIGUSR2", signal] as NodeJS.Signals[];
    expect(() => server.stopOnSignals({ signals })).toThrow(
      `signals has ${signal}, which is no signal that can be heard`,
    );
    expect(() => server.stopOnSignals({ signals: "SIGUSR2" as never })).toThrow(
      "stopOnSignals.signals SIGUSR2 is not an array",
    );
    expect(process.listenerCount("SIGUSR2")).toBe(before);
  });
});

describe("system messages of a client", () => {
  it("are answered: a ping with its number", async () => {
    const { enter } = await startServer();
    const client = await enter(ours);
    expect(client.answered).toMatchObject({ sys: { capabilities: ["drain", "ping"] } });
    client.send(packet(6, '{"ping":7}'));
    expect(textOf((await client.packet()).body)).toBe('{"pong":7}');
    // Nothing to say to these; leave is for a server that drains.
    client.send(concat(packet(6, '{"ping":"x"}'), packet(6, "x"), packet(6, ""), leave, packet(6, '{"ping":8}')));
    expect(textOf((await client.packet()).body)).toBe('{"pong":8}');
  });

  it("close a connection that did not say that it knows them, or that sends a long one", async () => {
    const { server, enter } = await startServer();
    const plain = await enter();
    expect(plain.answered.sys).not.toHaveProperty("capabilities");
    plain.send(packet(6, '{"ping":7}'));
    await plain.ended;
    const known = await enter(ours);
    known.send(packet(6, `{"ping":7,"x":"${"x".repeat(256)}"}`));
    await known.ended;
    expect(server.counters.closed).toEqual({ invalid_packet_type: 1, unexpected_packet: 1 });
  });
});

const echo: ClientMethod<string, string> = {
  route: "S.echo",
  code: 0,
  request: textCodec.protobuf,
  response: textCodec.protobuf,
};
const tell: ClientMethod<string, void> = {
  route: "S.tell",
  code: 0,
  request: textCodec.protobuf,
  response: emptyMessage.protobuf,
};

/** A server of its own on a real port, which notes what it was told. */
async function realServer(transport: "tcp" | "ws", port: number, told: string[]): Promise<Server> {
  const server = createServer({
    components: components({
      S: {
        echo: { handle: (_, text) => text },
        tell: {
          kind: "notify",
          handle: async (_, text) => {
            await turn();
            told.push(text);
            return "";
          },
        },
      },
    }),
    listen: [transport === "tcp" ? tcp({ host: "127.0.0.1", port }) : ws({ host: "127.0.0.1", port })],
    logger: new KeptLog(),
  });
  await server.start();
  onTestFinished(() => (server.state === "running" ? server.stop() : undefined));
  return server;
}

describe("our own client, over real sockets", () => {
  it.each(["tcp", "ws"] as const)("outlives a server that is killed and started again, over %s", async (transport) => {
    const told: string[] = [];
    const first = await realServer(transport, 0, told);
    const [{ url, port }] = first.addresses as readonly [ListenAddress];
    const logins: string[] = [];
    const connection = await connect(url, {
      reconnect: {
        minDelayMs: 1,
        maxDelayMs: 20,
        onReconnected: async (again) => {
          logins.push(await again.request(echo, "login"));
        },
      },
    });
    onTestFinished(() => connection.close());
    expect(await connection.request(echo, "one")).toBe("one");
    await first.stop();
    await until(() => connection.state !== "open");
    const waiting = connection.request(echo, "two");
    connection.notify(tell, "three");
    const second = await realServer(transport, port, told);
    expect(await waiting).toBe("two");
    await until(() => told.length === 1);
    expect(told).toEqual(["three"]);
    expect(logins).toEqual(["login"]);
    expect(second.counters.accepted).toBe(1);
  });

  it.each(["tcp", "ws"] as const)(
    "goes where a draining server sends it, and loses no notify, over %s",
    async (transport) => {
      const [old, young]: [string[], string[]] = [[], []];
      const from = await realServer(transport, 0, old);
      const to = await realServer(transport, 0, young);
      const connection = await connect(from.addresses[0]?.url as string, { reconnect: true });
      onTestFinished(() => connection.close());
      const notices: unknown[] = [];
      connection.onDrain(({ url }) => notices.push(url));
      const sent: string[] = [];
      const talk = setInterval(() => {
        sent.push(`n${sent.length}`);
        connection.notify(tell, sent.at(-1) as string);
      }, 0);
      onTestFinished(() => clearInterval(talk));
      await until(() => old.length > 3);
      const url = to.addresses[0]?.url as string;
      await from.drain({ url, spreadMs: 20 });
      await until(() => young.length > 3);
      clearInterval(talk);
      await until(() => old.length + young.length === sent.length);
      expect([...old, ...young]).toEqual(sent);
      expect(notices).toEqual([url]);
      expect(from.counters.closed).toEqual({ server_draining: 1 });
      await from.stop();
    },
  );

  it("comes back to a server that stops with grace and is started again, and loses no notify", async () => {
    const told: string[] = [];
    const first = await realServer("ws", 0, told);
    const [{ url, port }] = first.addresses as readonly [ListenAddress];
    const connection = await connect(url, { reconnect: { minDelayMs: 1, maxDelayMs: 20 } });
    onTestFinished(() => connection.close());
    const sent = Array.from({ length: 50 }, (_, index) => `n${index}`);
    for (const text of sent.slice(0, 25)) {
      connection.notify(tell, text);
    }
    const stopped = first.stop({ graceMs: 20_000, spreadMs: 30 });
    await until(() => connection.state !== "open");
    for (const text of sent.slice(25)) {
      connection.notify(tell, text);
    }
    await stopped;
    await realServer("ws", port, told);
    await until(() => told.length === 50);
    expect(told).toEqual(sent);
    expect(connection.offline.dropped).toBe(0);
  });

  it("measures the way to a server that answers pings", async () => {
    const server = createServer({
      components: components({ S: { echo: { handle: (_, text) => text } } }),
      listen: [ws({ host: "127.0.0.1", port: 0 })],
      logger: new KeptLog(),
      heartbeatIntervalMs: 10,
    });
    await server.start();
    onTestFinished(() => server.stop());
    const connection = await connect(server.addresses[0]?.url as string);
    onTestFinished(() => connection.close());
    const atFirst = connection.roundTrip.smoothedMs;
    expect(atFirst).toBeGreaterThanOrEqual(0);
    expect(connection.roundTrip.lastMs).toBeLessThan(5_000);
  });
});

describe("server.stopOnSignals", () => {
  it("stops at a signal, and leaves signals as they were", async () => {
    const { server, transport } = await startServer();
    const before = process.listenerCount("SIGUSR2");
    const stopped = defer<string>();
    server.stopOnSignals({ graceMs: 0, signals: ["SIGUSR2"] });
    server.stopOnSignals({ graceMs: 0, signals: ["SIGUSR2"], onStopped: stopped.resolve });
    expect(process.listenerCount("SIGUSR2")).toBe(before + 1);
    process.kill(process.pid, "SIGUSR2");
    expect(await stopped.promise).toBe("SIGUSR2");
    expect([server.state, transport.address, process.listenerCount("SIGUSR2")]).toEqual(["stopped", undefined, before]);
  });

  it("waits no longer at the second", async () => {
    const { services, begun } = slowly();
    const { server, enter } = await startServer({ services });
    const client = await enter();
    client.send(request(1, "S.slow"));
    await begun.promise;
    server.stopOnSignals({ signals: ["SIGUSR2"] });
    process.emit("SIGUSR2");
    await turn();
    expect(server.state).toBe("stopping");
    process.emit("SIGUSR2");
    await until(() => server.state === "stopped");
    expect((await client.packet()).type).toBe(5);
  });

  it("stops a server that is starting, once it has started", async () => {
    const [begun, go, stopped] = [defer(), defer(), defer<string>()];
    const [component] = components({ A: { Do: () => "" } }) as [TestComponent];
    component.init = () => {
      begun.resolve();
      return go.promise;
    };
    const server = createServer({ components: [component], listen: [memory()], logger: silentLogger });
    server.stopOnSignals({ graceMs: 0, signals: ["SIGUSR2"], onStopped: stopped.resolve });
    const started = server.start();
    await begun.promise;
    process.emit("SIGUSR2");
    await turn();
    expect(server.state).toBe("starting");
    go.resolve();
    await started;
    expect(await stopped.promise).toBe("SIGUSR2");
    expect(server.state).toBe("stopped");
  });

  it("tells that it has stopped where the program has it stop already", async () => {
    const { services, begun, go } = slowly();
    const { server, enter } = await startServer({ services });
    const client = await enter();
    client.send(request(1, "S.slow"));
    await begun.promise;
    const stopped = defer<string>();
    server.stopOnSignals({ signals: ["SIGUSR2"], onStopped: stopped.resolve });
    const stop = server.stop({ graceMs: 60_000 });
    process.emit("SIGUSR2");
    await turn();
    expect(server.state).toBe("stopping");
    go.resolve("done");
    process.emit("SIGUSR2");
    await stop;
    expect(await stopped.promise).toBe("SIGUSR2");
  });

  it("lets signals do what they do where there is nothing to be stopped, or a start that does not end", async () => {
    const acted: string[] = [];
    const [component] = components({ A: { Do: () => "" } }) as [TestComponent];
    const go = defer();
    component.init = () => go.promise;
    const server = createServer({ components: [component], listen: [memory()], logger: silentLogger });
    const before = process.listenerCount("SIGUSR2");
    server.stopOnSignals({ signals: ["SIGUSR2"] });
    // Whoever else listens has heard it, and is not told twice.
    const note = (): void => void acted.push(server.state);
    process.on("SIGUSR2", note);
    onTestFinished(() => void process.off("SIGUSR2", note));
    process.emit("SIGUSR2");
    await turn();
    expect([acted, process.listenerCount("SIGUSR2")]).toEqual([["stopped"], before + 1]);

    server.stopOnSignals({ signals: ["SIGUSR2"] });
    const started = server.start();
    process.emit("SIGUSR2");
    expect(process.listenerCount("SIGUSR2")).toBe(before + 2);
    process.emit("SIGUSR2");
    expect(process.listenerCount("SIGUSR2")).toBe(before + 1);
    go.resolve();
    await started;
    await until(() => server.state === "stopped");
    expect(acted).toEqual(["stopped", "starting", "starting"]);
  });

  it("does nothing once it is ended, and asks for SIGTERM and SIGINT by default", async () => {
    const { server } = await startServer();
    const count = () => [process.listenerCount("SIGTERM"), process.listenerCount("SIGINT")];
    const [term = 0, int = 0] = count();
    const release = server.stopOnSignals();
    expect(count()).toEqual([term + 1, int + 1]);
    release();
    expect(count()).toEqual([term, int]);
  });
});
