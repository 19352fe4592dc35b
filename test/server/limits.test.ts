import { createServer as createHttpServer } from "node:http";
import type { Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { ServerCounters } from "../../runtime/server/counters.js";
import { hybrid } from "../../runtime/transport/hybrid.js";
import { memory } from "../../runtime/transport/memory.js";
import { tcp } from "../../runtime/transport/tcp.js";
import type { Transport } from "../../runtime/transport/transport.js";
import { ws } from "../../runtime/transport/ws.js";
import { concat } from "../protocol/hex.js";
import { makeCertificate } from "../support/certificate.js";
import { Client, errorIn, notify, packet, request, textOf } from "../support/client.js";
import { openSocket, openTcp, openWebSocket, upgradeRequest } from "../support/link.js";
import { startServer, type TestServer } from "../support/server.js";
import { turn, until } from "../support/wait.js";

const loopback = { host: "127.0.0.1", port: 0 };
const tls = makeCertificate("localhost");

/** Every kind of listener, and one of another's house. */
const listeners: Readonly<Record<string, () => Transport>> = {
  memory: () => memory(),
  tcp: () => tcp(loopback),
  ws: () => ws(loopback),
  tls: () => tcp({ ...loopback, tls }),
  wss: () => ws({ ...loopback, tls }),
  hybrid: () => hybrid(loopback),
  "a shared HTTP server": () => ws({ ...loopback, server: createHttpServer() }),
};
/** The handshake of a client that knows every system message. */
const knowsAll = { sys: { type: "test", version: "1", capabilities: ["drain", "ping"] } };

const listenerNames = Object.keys(listeners);

function listenerOf(name: string): Transport {
  return (listeners[name] as () => Transport)();
}

/** Tries to become a client; gives it, or why there is none. */
async function attempt(test: TestServer): Promise<Client | string> {
  try {
    const client = await Client.open(test.transport);
    client.send(packet(1, "{}"));
    const { code, error } = await client.answer();
    if (code !== 200) {
      return error ?? "refused";
    }
    client.send(packet(2));
    await client.call(1, "Echo.Say");
    return client;
  } catch (error) {
    return (error as Error).message;
  }
}

async function clientsOf(test: TestServer, count: number): Promise<Client[]> {
  const clients: Client[] = [];
  for (let index = 0; index < count; index++) {
    const client = await attempt(test);
    expect(client).toBeInstanceOf(Client);
    clients.push(client as Client);
  }
  return clients;
}

const refusals = ({ refused }: ServerCounters) => refused;

describe.each(listenerNames)("the connections of a server, over %s", (name) => {
  it("are as many as may be; who goes makes room for another", async () => {
    const test = await startServer({ transport: listenerOf(name), maxConnections: 3 });
    const clients = await clientsOf(test, 3);
    const refusal = await attempt(test);
    expect(typeof refusal).toBe("string");
    expect(refusals(test.server.counters)).toEqual({ server_full: 1 });
    expect(test.server.counters).toMatchObject({ open: 3, sessions: 3, accepted: 3 });
    expect(test.log.at("warn").map(({ fields, message }) => [message, fields["code"], fields["reason"]])).toEqual([
      ["a client is turned away", "server_full", "the server has its maxConnections 3"],
    ]);
    clients[0]?.link.end();
    await until(() => test.server.counters.open === 2);
    const next = await attempt(test);
    expect(next).toBeInstanceOf(Client);
    expect((await (clients[1] as Client).call(2, "Echo.Say", "served")).text).toBe("served");
  });
});

describe("a client that finds the server full", () => {
  it.each([
    ["memory", "server_full"],
    ["tcp", "server_full"],
    ["ws", "HTTP/1.1 503 Service Unavailable"],
    ["a shared HTTP server", "HTTP/1.1 503 Service Unavailable"],
  ])("is told over %s: %s", async (name, told) => {
    const test = await startServer({ transport: listenerOf(name), maxConnections: 1 });
    await clientsOf(test, 1);
    expect(await attempt(test)).toBe(told);
  });
});

describe("the connections of an address", () => {
  it.each(listenerNames.filter((name) => name !== "memory"))("are as many as one may have, over %s", async (name) => {
    const test = await startServer({ transport: listenerOf(name), maxConnectionsPerAddress: 2 });
    const clients = await clientsOf(test, 2);
    expect(typeof (await attempt(test))).toBe("string");
    expect(refusals(test.server.counters)).toEqual({ too_many_connections: 1 });
    expect(test.log.at("warn")[0]?.fields).toMatchObject({
      address: "127.0.0.1",
      reason: "127.0.0.1 has its maxConnectionsPerAddress 2",
    });
    clients[0]?.link.destroy();
    await until(() => test.server.counters.open === 1);
    expect(await attempt(test)).toBeInstanceOf(Client);
  });

  it.each([
    ["tcp", "too_many_connections"],
    ["ws", "HTTP/1.1 429 Too Many Requests"],
    ["a shared HTTP server", "HTTP/1.1 429 Too Many Requests"],
  ])("that are too many are told over %s: %s", async (name, told) => {
    const test = await startServer({ transport: listenerOf(name), maxConnectionsPerAddress: 1 });
    await clientsOf(test, 1);
    expect(await attempt(test)).toBe(told);
  });

  it("are not counted in one process, where there are no addresses", async () => {
    const test = await startServer({ maxConnectionsPerAddress: 1 });
    await clientsOf(test, 5);
  });

  it.each(["proxy-protocol", "x-forwarded-for"] as const)(
    "are counted where they really come from, told by %s",
    async (told) => {
      const isHeader = told === "proxy-protocol";
      const transport = isHeader ? tcp(loopback) : ws(loopback);
      const test = await startServer({ transport, maxConnectionsPerAddress: 2, proxy: { trusted: ["loopback"] } });
      const port = test.server.addresses[0]?.port as number;
      const come = async (address: string): Promise<Client | undefined> => {
        try {
          const link = isHeader
            ? await openTcp({ port, preface: `PROXY TCP6 ${address} ::1 1 2\r\n` })
            : await openWebSocket({ port }, "/", [`X-Forwarded-For: 9.9.9.9, ${address}`]);
          onTestFinished(() => link.destroy());
          const client = new Client(link);
          client.send(packet(1, "{}"));
          return (await client.answer()).code === 200 ? client : undefined;
        } catch {
          return undefined;
        }
      };
      const outcomes = [];
      for (const address of ["2001:db8:1::1", "2001:db8:1::2", "2001:db8:1::3", "2001:db8:2::1", "2001:db8:1:1::1"]) {
        outcomes.push((await come(address)) !== undefined);
      }
      // A network of 64 bits is one client's.
      expect(outcomes).toEqual([true, true, false, true, true]);
      expect(refusals(test.server.counters)).toEqual({ too_many_connections: 1 });
    },
  );

  it("are not counted for a proxy, which stands for many", async () => {
    const transport = ws(loopback);
    const test = await startServer({ transport, maxConnectionsPerAddress: 1, proxy: { trusted: ["loopback"] } });
    await clientsOf(test, 4);
  });
});

describe("a session behind a proxy", () => {
  it("knows its real address and the proxy's, and so does the handshake", async () => {
    const seen: unknown[] = [];
    const test = await startServer({
      transport: "tcp",
      proxy: { trusted: ["loopback"] },
      onHandshake: (_handshake, { remoteAddress, proxyAddress }) => void seen.push([remoteAddress, proxyAddress]),
    });
    const port = test.server.addresses[0]?.port as number;
    const client = new Client(await openTcp({ port, preface: "PROXY TCP4 203.0.113.5 127.0.0.1 1 2\r\n" }));
    await client.enter();
    await client.call(1, "Echo.Say");
    const [session] = test.server.sessions();
    expect([session?.remoteAddress, session?.proxyAddress, session?.transport]).toEqual([
      "203.0.113.5",
      "127.0.0.1",
      "tcp",
    ]);
    expect(seen).toEqual([["203.0.113.5", "127.0.0.1"]]);
    client.link.destroy();
  });

  it("has no proxy where there is none", async () => {
    const test = await startServer({ transport: "tcp" });
    await (await test.enter()).call(1, "Echo.Say");
    const [session] = test.server.sessions();
    expect([session?.remoteAddress, session?.proxyAddress]).toEqual(["127.0.0.1", undefined]);
  });
});

describe("the handshake's time", () => {
  const options = { handshakeTimeoutMs: 1_000 };

  /** How far a client comes before it stops. */
  const ways: readonly (readonly [far: string, name: string, begin: (port: number) => Promise<Socket>])[] = [
    ["nothing", "tls", (port) => openSocket({ port })],
    ["nothing", "ws", (port) => openSocket({ port })],
    ["nothing", "hybrid", (port) => openSocket({ port })],
    ["half a PROXY header", "tcp", (port) => openSocket({ port, preface: "PROXY TC" })],
    ["half a first message of TLS", "wss", (port) => openSocket({ port, preface: Uint8Array.of(22, 3, 1, 1, 0, 1) })],
    ["TLS and nothing more", "tls", (port) => openSocket({ port, tls: {} })],
    ["half a request", "ws", (port) => openSocket({ port, preface: "GET / HTTP/1.1\r\nHost: a\r\n" })],
  ];

  it.each(ways)("counts from the beginning: %s over %s is over in time", async (far, name, begin) => {
    const proxy = far.includes("PROXY") ? { proxy: { trusted: ["loopback"] } } : {};
    const test = await startServer({ ...options, ...proxy, transport: listenerOf(name) });
    const socket = await begin(test.server.addresses[0]?.port as number);
    const closed = new Promise((resolve) => socket.on("close", resolve).resume());
    await until(() => test.server.counters.arriving === 1);
    test.clock.step(1_000);
    await turn();
    expect(test.server.counters).toMatchObject({ arriving: 1, refused: {} });
    test.clock.step(250);
    await closed;
    expect(test.server.counters).toMatchObject({ arriving: 0, accepted: 0, refused: { handshake_timeout: 1 } });
  });

  it("is not begun anew at any stop", async () => {
    const test = await startServer({ ...options, transport: ws(loopback) });
    const socket = await openSocket({ port: test.server.addresses[0]?.port as number });
    const closed = new Promise((resolve) => socket.on("close", resolve));
    await until(() => test.server.counters.arriving === 1);
    test.clock.step(500);
    socket.write(upgradeRequest("/"));
    await until(() => test.server.counters.open === 1);
    // Half of it went for the upgrade: as much is left for the handshake.
    test.clock.step(500);
    await turn();
    expect(test.server.counters.open).toBe(1);
    test.clock.step(250);
    expect(test.server.counters.closed).toEqual({ handshake_timeout: 1 });
    socket.destroy();
    await closed;
  });

  it("counts those who are on their way among the connections that may be open", async () => {
    const test = await startServer({ ...options, transport: hybrid(loopback), maxConnections: 2 });
    const port = test.server.addresses[0]?.port as number;
    const silent = [await openSocket({ port }), await openSocket({ port })];
    await until(() => test.server.counters.arriving === 2);
    expect(typeof (await attempt(test))).toBe("string");
    silent[0]?.destroy();
    await until(() => test.server.counters.arriving === 1);
    expect(test.server.health).toMatchObject({ ready: true, connections: 0, arriving: 1, full: false });
    expect(await attempt(test)).toBeInstanceOf(Client);
    expect(test.server.health).toMatchObject({ ready: true, connections: 1, arriving: 1, full: true });
    silent[1]?.destroy();
  });
});

describe("a message rate", () => {
  const services = {
    Echo: {
      Say: (_session: unknown, text: string) => text,
      Note: { kind: "notify" as const, handle: () => "" },
    },
  };

  it("answers a request beyond it with an error, and takes the next when there is room again", async () => {
    const test = await startServer({ services, maxMessagesPerSecond: 5 });
    const client = await test.enter();
    client.send(concat(...Array.from({ length: 7 }, (_, index) => request(index + 1, "Echo.Say", "x"))));
    const answers = await client.messages(7);
    const refused = answers.filter(({ flag }) => flag === 0x24);
    expect(refused.map(({ id }) => id)).toEqual([6n, 7n]);
    expect(errorIn(refused[0]?.payload as Uint8Array)).toMatchObject({
      code: "rate_limited",
      msg: "a client may send 5 messages a second",
    });
    expect(test.server.counters).toMatchObject({ requests: 7, failed: { rate_limited: 2 }, closed: {} });
    test.clock.step(200);
    expect((await client.call(8, "Echo.Say", "again")).text).toBe("again");
  });

  it("drops a notify beyond it, and counts it", async () => {
    const test = await startServer({ services, maxMessagesPerSecond: 2 });
    const client = await test.enter();
    client.send(concat(notify("Echo.Note"), notify("Echo.Note"), notify("Echo.Note"), notify("Echo.Note")));
    await until(() => test.server.counters.notifies === 4);
    expect(test.server.counters.failed).toEqual({ rate_limited: 2 });
  });

  it("counts what has no route as well", async () => {
    const test = await startServer({ services, maxMessagesPerSecond: 1 });
    const client = await test.enter();
    client.send(concat(request(1, "No.Such"), request(2, "No.Such")));
    const codes = (await client.messages(2)).map(({ payload }) => errorIn(payload).code);
    expect(codes).toEqual(["unknown_route", "rate_limited"]);
  });

  it.each([
    ["requests", (id: number) => request(id, "Echo.Say")],
    ["notifies", () => notify("Echo.Note")],
    ["heartbeats", () => packet(3)],
    ["pings", (id: number) => packet(6, JSON.stringify({ ping: id }))],
  ])("closes a client that floods with %s, and no other", async (_what, make) => {
    const test = await startServer({ services, maxMessagesPerSecond: 100 });
    const [flooder, other] = [await test.enter(knowsAll), await test.enter()];
    flooder.send(concat(...Array.from({ length: 250 }, (_, index) => make(index + 1))));
    await flooder.ended;
    expect(test.server.counters.closed).toEqual({ too_many_messages: 1 });
    expect(test.log.at("warn").map(({ fields }) => fields["reason"])).toEqual([
      "the client goes on at more than twice maxMessagesPerSecond 100",
    ]);
    expect((await other.call(1, "Echo.Say", "served")).text).toBe("served");
  });

  it("leaves pings beyond it without an answer, and hears all the same who goes", async () => {
    const test = await startServer({ services, maxMessagesPerSecond: 2 });
    const client = await test.enter(knowsAll);
    const drained = test.server.drain();
    expect((await client.packet()).type).toBe(6);
    const pings = [1, 2, 3].map((ping) => packet(6, JSON.stringify({ ping })));
    client.send(concat(...pings, packet(6, '{"leave":true}')));
    expect(textOf((await client.packet()).body)).toBe('{"pong":1}');
    expect(textOf((await client.packet()).body)).toBe('{"pong":2}');
    await client.ended;
    expect(client.packets.length).toBe(0);
    expect(test.server.counters.closed).toEqual({ server_draining: 1 });
    test.clock.step(50);
    await drained;
  });

  it("is each client's own, and does not count the handshake", async () => {
    const test = await startServer({ services, maxMessagesPerSecond: 1 });
    const clients = await Promise.all(Array.from({ length: 5 }, () => test.enter()));
    const answers = await Promise.all(clients.map((client) => client.call(1, "Echo.Say", "x")));
    expect(answers.map(({ text }) => text)).toEqual(["x", "x", "x", "x", "x"]);
  });
});

describe("strangers who are turned away", () => {
  it("do not fill the log: one line a minute for each reason, and the count of all", async () => {
    const test = await startServer({ transport: ws(loopback), maxConnections: 1 });
    await clientsOf(test, 1);
    for (let index = 0; index < 30; index++) {
      await attempt(test);
    }
    expect(refusals(test.server.counters)).toEqual({ server_full: 30 });
    expect([test.log.at("warn").length, test.log.at("debug").length]).toEqual([1, 29]);
    test.clock.step(60_000);
    await attempt(test);
    expect(test.log.at("warn")).toHaveLength(2);
  });

  it("leave nothing behind, however they came and went", async () => {
    const test = await startServer({ transport: hybrid({ ...loopback, tls }), maxConnections: 50 });
    const port = test.server.addresses[0]?.port as number;
    const manners: ((index: number) => Promise<Socket>)[] = [
      () => openSocket({ port, preface: "GET / HTTP/1.1\r\n\r\n" }),
      () => openSocket({ port, preface: Uint8Array.of(22, 3, 1) }),
      () => openSocket({ port, tls: {} }),
      async () => {
        const socket = await openSocket({ port, tls: {} });
        socket.write("nonsense");
        return socket;
      },
      async () => {
        const socket = await openSocket({ port, tls: {} });
        socket.write(upgradeRequest("/other"));
        return socket;
      },
    ];
    for (let index = 0; index < 200; index++) {
      const socket = await (manners[index % manners.length] as (typeof manners)[0])(index);
      socket.on("error", () => {});
      socket.destroy();
    }
    // Whoever comes now comes after all of them.
    const [first] = await clientsOf(test, 1);
    await until(() => test.server.counters.arriving === 0 && test.server.counters.open === 1);
    // As many places are free as there ever were.
    const clients = [first as Client, ...(await clientsOf(test, 49))];
    expect(test.server.counters).toMatchObject({ arriving: 0, open: 50, sessions: 50 });
    expect(typeof (await attempt(test))).toBe("string");
    clients.map(({ link }) => link.destroy());
  });
});
