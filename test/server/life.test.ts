import { createServer as createHttpServer } from "node:http";
import { connect } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createServer } from "../../runtime/server/server.js";
import { memory } from "../../runtime/transport/memory.js";
import { Outbox } from "../../runtime/transport/outbox.js";
import { tcp } from "../../runtime/transport/tcp.js";
import type { Transport, TransportHost, Wire } from "../../runtime/transport/transport.js";
import { ws } from "../../runtime/transport/ws.js";
import { concat } from "../protocol/hex.js";
import { Client, packet, request, textOf } from "../support/client.js";
import { openSocket } from "../support/link.js";
import { KeptLog } from "../support/log.js";
import { startServer, transportNames } from "../support/server.js";
import { components, echo, textCodec } from "../support/service.js";
import { fakeTimeouts } from "../support/timeouts.js";
import { defer, turn, until } from "../support/wait.js";

const loopback = { host: "127.0.0.1", port: 0 };

function threeWays() {
  const transports = [ws(loopback), tcp(loopback), memory()] as const;
  const log = new KeptLog();
  const server = createServer({ components: components(echo), listen: transports, logger: log, nodeId: 1 });
  return { server, transports, log };
}

describe("a server's life", () => {
  it("goes from stopped to running and back, and tells where clients connect", async () => {
    const { server, log } = threeWays();
    expect([server.state, server.addresses]).toEqual(["stopped", []]);
    const started = server.start();
    expect(server.state).toBe("starting");
    await started;
    expect(server.state).toBe("running");
    expect(server.addresses.map(({ transport }) => transport)).toEqual(["ws", "tcp", "memory"]);
    expect(log.at("info").map(({ fields }) => fields["url"])).toEqual(server.addresses.map(({ url }) => url));
    const stopped = server.stop();
    expect(server.state).toBe("stopping");
    await stopped;
    expect([server.state, server.addresses]).toEqual(["stopped", []]);
  });

  it("cannot be begun twice, nor ended twice, nor one during the other", async () => {
    const { server } = threeWays();
    const refused = (message: string) => ({ code: "invalid_state", scope: "startup", message });
    await expect(server.stop()).rejects.toMatchObject(refused("the server is stopped: it cannot stop"));
    const started = server.start();
    await expect(server.start()).rejects.toMatchObject(refused("the server is starting: it cannot start"));
    await expect(server.stop()).rejects.toMatchObject(refused("the server is starting: it cannot stop"));
    await started;
    await expect(server.start()).rejects.toMatchObject(refused("the server is running: it cannot start"));
    const stopped = server.stop();
    await expect(server.stop()).rejects.toMatchObject(refused("the server is stopping: it cannot stop"));
    await expect(server.start()).rejects.toMatchObject(refused("the server is stopping: it cannot start"));
    await stopped;
    await expect(server.stop()).rejects.toMatchObject(refused("the server is stopped: it cannot stop"));
  });

  it("can be gone through again and again, each time by every transport", async () => {
    const { server, transports } = threeWays();
    for (let round = 0; round < 3; round++) {
      await server.start();
      for (const transport of transports) {
        const client = await Client.open(transport);
        await client.enter();
        expect((await client.call(1, "Echo.Say", `${round}`)).text).toBe(`${round}`);
      }
      expect(server.counters.open).toBe(3);
      await server.stop();
      expect(server.counters).toMatchObject({ open: 0, sessions: 0 });
    }
    expect(server.counters).toMatchObject({ accepted: 9, requests: 9, closed: { server_stopped: 9 } });
  });

  it("does not touch another server's in the same process", async () => {
    const [one, other] = [threeWays(), threeWays()];
    await one.server.start();
    await other.server.start();
    const clients = await Promise.all([one, other].map(({ transports: [webSocket] }) => Client.open(webSocket)));
    await Promise.all(clients.map((client) => client.enter()));
    await one.server.stop();
    expect(await clients[0]?.ended).toMatchObject({ code: 1001 });
    expect((await clients[1]?.call(1, "Echo.Say", "here"))?.text).toBe("here");
    expect([one.server.counters.requests, other.server.counters.requests]).toEqual([0, 1]);
    await other.server.stop();
  });

  it.each(transportNames)("ends with every client told, over %s", async (transport) => {
    const test = await startServer({ transport });
    const clients = await Promise.all(Array.from({ length: 5 }, () => test.enter()));
    const fresh = await test.open();
    await until(() => test.server.counters.open === 6 && test.server.counters.sessions === 5);
    const reasons: string[] = [];
    for (const session of test.server.sessions()) {
      session.onClose(({ code }) => void reasons.push(code));
    }
    await test.server.stop();
    const endings = await Promise.all([...clients, fresh].map(({ ended }) => ended));
    const expected = transport === "ws" ? { code: 1001, reason: "server_stopped" } : {};
    expect(endings).toEqual(Array.from({ length: 6 }, () => expected));
    expect(reasons).toEqual(Array.from({ length: 5 }, () => "server_stopped"));
    expect(test.server.counters).toMatchObject({ open: 0, sessions: 0, closed: { server_stopped: 6 } });
  });

  it.each(["tcp", "ws"] as const)(
    "ends though a client takes nothing and does not hang up, over %s",
    async (transport) => {
      const test = await startServer({ transport });
      const client = await test.enter();
      client.link.stopReading();
      await until(() => test.server.counters.sessions === 1);
      fakeTimeouts();
      test.server.sessions()[0]?.push({ route: "E.X", code: 0, message: textCodec }, "x".repeat(1_000_000));
      const stopped = test.server.stop();
      await until(() => test.server.counters.sessions === 0);
      expect([test.server.state, test.server.counters.open]).toEqual(["stopping", 1]);
      vi.advanceTimersByTime(2_000);
      await stopped;
      expect([test.server.state, test.server.counters.open]).toEqual(["stopped", 0]);
      client.link.destroy();
    },
  );

  it("sends what was answered before it ends", async () => {
    const test = await startServer({ transport: "tcp" });
    const client = await test.enter();
    client.send(concat(...Array.from({ length: 50 }, (_, index) => request(index + 1, "Echo.Say", "x".repeat(1_000)))));
    await until(() => test.server.counters.requests === 50);
    await test.server.stop();
    expect(await client.messages(50)).toHaveLength(50);
  });

  it.each(["tcp", "ws"] as const)("frees its port over %s", async (transport) => {
    const test = await startServer({ transport });
    const [address] = test.server.addresses;
    await (await test.enter()).call(1, "Echo.Say");
    await test.server.stop();
    const socket = connect({ host: "127.0.0.1", port: address?.port as number });
    const { promise, resolve } = defer<string | undefined>();
    socket.on("error", ({ code }: NodeJS.ErrnoException) => resolve(code));
    expect(await promise).toBe("ECONNREFUSED");
  });

  it("fails to begin on a port that is taken, is stopped then, and can begin when it is free", async () => {
    const taken = await startServer({ transport: "tcp" });
    const port = taken.server.addresses[0]?.port as number;
    const first = memory();
    const server = createServer({
      components: components(echo),
      listen: [first, tcp({ ...loopback, port })],
      logger: new KeptLog(),
    });
    await expect(server.start()).rejects.toMatchObject({ code: "listen_failed", scope: "startup" });
    expect([server.state, server.addresses, first.address]).toEqual(["stopped", [], undefined]);
    await taken.server.stop();
    await server.start();
    expect(server.addresses.map((address) => address.port)).toEqual([0, port]);
    await server.stop();
  });

  it("leaves no socket behind that has not spoken yet", async () => {
    for (const transport of ["tcp", "ws"] as const) {
      const test = await startServer({ transport });
      const socket = await openSocket(test.server.addresses[0] as { port: number });
      const { promise, resolve } = defer();
      socket.on("close", () => resolve()).resume();
      // Accepted before this one, which is served.
      await (await test.enter()).call(1, "Echo.Say");
      await test.server.stop();
      await promise;
      expect(socket.destroyed).toBe(true);
    }
  });

  it("has no timer left when it is over", async () => {
    const test = await startServer({ heartbeatIntervalMs: 1_000 });
    expect(test.clock.waiting).toBe(1);
    await test.server.stop();
    expect(test.clock.waiting).toBe(0);
  });
});

describe("a connection that comes while the server stops", () => {
  /** A connection that is told to close, and does so when it is let. */
  function wireOf(host: TransportHost) {
    const reasons: string[] = [];
    const wire: Wire = {
      transport: "hand",
      remoteAddress: "",
      outbox: new Outbox({ write: () => 0, queuedBytes: 0, overflowed() {} }, host.turn, 1_024, 0),
      pause() {},
      resume() {},
      close: ({ code }) => void reasons.push(code),
    };
    return { reasons, receiver: host.accept(wire) };
  }

  it("is closed as the others are, and waited for", async () => {
    const hosts: TransportHost[] = [];
    const byHand: Transport = {
      name: "hand",
      address: undefined,
      listen: async (host) => void hosts.push(host),
      close: async () => {},
    };
    const test = await startServer({ transport: byHand });
    const host = hosts[0] as TransportHost;
    const early = wireOf(host);
    const stopped = test.server.stop();
    await until(() => early.reasons.length > 0);
    const late = wireOf(host);
    expect([early.reasons, late.reasons]).toEqual([["server_stopped"], ["server_stopped"]]);
    early.receiver.closed();
    await turn();
    expect([test.server.state, test.server.counters.open]).toEqual(["stopping", 1]);
    late.receiver.closed();
    await stopped;
    expect(test.server.counters).toMatchObject({ open: 0, closed: { server_stopped: 2 } });
    await test.server.start();
    const next = wireOf(host);
    expect([next.reasons, test.server.counters.open]).toEqual([[], 1]);
    next.receiver.closed();
  });
});

describe("one write a turn", () => {
  it("carries all answers of a turn: one frame over ws", async () => {
    const test = await startServer({ transport: "ws" });
    const client = await test.enter();
    await client.call(1, "Echo.Say");
    client.deliveries.length = 0;
    // As many as are handled in one turn.
    client.send(concat(...Array.from({ length: 60 }, (_, index) => request(index + 1, "Echo.Say", "x"))));
    await client.messages(60);
    expect(client.deliveries).toHaveLength(1);
  });

  it("carries pushes and answers of several sessions: one frame each", async () => {
    const test = await startServer({ transport: "ws" });
    const clients = await Promise.all(Array.from({ length: 3 }, () => test.enter()));
    await until(() => test.server.counters.sessions === 3);
    clients.map(({ deliveries }) => deliveries.splice(0));
    for (let index = 0; index < 20; index++) {
      for (const session of test.server.sessions()) {
        session.push({ route: "E.X", code: 0, message: textCodec }, `${index}`);
      }
    }
    await Promise.all(clients.map((client) => client.messages(20)));
    expect(clients.map(({ deliveries }) => deliveries.length)).toEqual([1, 1, 1]);
  });
});

describe("the outbox's limit", () => {
  it("closes a client that asks and does not read, and the others are served", async () => {
    const test = await startServer({ transport: "tcp", maxOutboxBytes: 100_000 });
    const [client, other] = [await test.enter(), await test.enter()];
    await client.call(1, "Echo.Say");
    client.link.stopReading();
    const flood = concat(
      ...Array.from({ length: 10 }, (_, index) => request(index + 1, "Echo.Say", "x".repeat(60_000))),
    );
    while ((test.server.counters.closed["outbox_overflow"] ?? 0) === 0) {
      client.send(flood);
      expect((await other.call(2, "Echo.Say", "served")).text).toBe("served");
    }
    expect(test.server.counters.closed).toEqual({ outbox_overflow: 1 });
    expect(test.log.at("warn").map(({ fields }) => fields["reason"])).toEqual([
      expect.stringMatching(/^\d+ bytes wait, more than maxOutboxBytes 100000$/),
    ]);
    client.link.destroy();
    expect((await other.call(3, "Echo.Say", "still")).text).toBe("still");
  });

  it.each(Array.from({ length: 8 }, (_, index) => index))(
    "reached between the handshake and the first heartbeat leaves no session behind (%d)",
    async (more) => {
      const options = { maxOutboxBytes: 1_024, heartbeatIntervalMs: 1_000, nodeId: 1 };
      const measured = await startServer({ ...options, onHandshake: () => "" });
      const probe = await measured.open();
      probe.send(packet(1, "{}"));
      const bytes = 4 + (await probe.packet()).body.length;
      // The answer has 1,020 to 1,027 bytes; four more are the heartbeat's.
      const test = await startServer({ ...options, onHandshake: () => "x".repeat(1_020 + more - bytes) });
      const client = await test.open();
      client.send(concat(packet(1, "{}"), packet(2)));
      await turn();
      await turn();
      const overflown = more > 0 ? { outbox_overflow: 1 } : {};
      expect(test.server.counters).toMatchObject({ closed: overflown, sessions: test.server.sessions().length });
      expect([client.endings, test.server.sessions().length]).toEqual(more > 0 ? [1, 0] : [0, 1]);
    },
  );
});

it("the page and the game can be on one port", async () => {
  const http = createHttpServer((_request, response) => void response.end("the page"));
  const transport = ws({ ...loopback, server: http, path: "/game" });
  const test = await startServer({ transport });
  onTestFinished(() => void http.closeAllConnections());
  const port = test.server.addresses[0]?.port as number;
  const page = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
  expect(await page.text()).toBe("the page");
  const client = await test.enter();
  expect((await client.call(1, "Echo.Say", "the game")).text).toBe("the game");
});

it("a kick over ws is a packet, and then a close frame", async () => {
  const test = await startServer({ transport: "ws" });
  const client = await test.enter();
  await client.call(1, "Echo.Say");
  test.server.sessions()[0]?.kick("enough");
  const { type, body } = await client.packet();
  expect([type, textOf(body)]).toEqual([5, '{"reason":"enough"}']);
  expect(await client.ended).toEqual({ code: 1000, reason: "kicked" });
});
