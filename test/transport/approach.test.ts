import { createServer, type Socket } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { hybrid } from "../../runtime/transport/hybrid.js";
import type { ProxyOptions } from "../../runtime/transport/proxies.js";
import { tcp } from "../../runtime/transport/tcp.js";
import type { Transport } from "../../runtime/transport/transport.js";
import { ws } from "../../runtime/transport/ws.js";
import { concat, hex, toHex } from "../protocol/hex.js";
import { makeCertificate, temporaryFolder } from "../support/certificate.js";
import { packet } from "../support/client.js";
import { KeptHost, type KeptPlace } from "../support/host.js";
import {
  clientFrame,
  openSocket,
  openTcp,
  openWebSocket,
  readHead,
  type Target,
  upgradeRequest,
} from "../support/link.js";
import { fakeTimeouts } from "../support/timeouts.js";
import { turn, until } from "../support/wait.js";

const loopback = { host: "127.0.0.1", port: 0 };
const tls = makeCertificate("localhost");

/** The listeners by what carries their connections. */
const listeners = {
  tcp: () => tcp(loopback),
  tls: () => tcp({ ...loopback, tls }),
  ws: () => ws(loopback),
  wss: () => ws({ ...loopback, tls }),
  "hybrid tcp": () => hybrid(loopback),
  "hybrid ws": () => hybrid(loopback),
  "hybrid tls": () => hybrid({ ...loopback, tls }),
  "hybrid wss": () => hybrid({ ...loopback, tls }),
} as const;

type Kind = keyof typeof listeners;
const kinds = Object.keys(listeners) as Kind[];

async function listening(transport: Transport, host: KeptHost): Promise<Target> {
  await transport.listen(host);
  onTestFinished(() => transport.close());
  return transport.address?.url.startsWith("wss") || transport.address?.url.startsWith("tls")
    ? { port: transport.address.port, tls: {} }
    : { port: transport.address?.port as number };
}

/** Connects as a client of that kind does, sends a heartbeat, and gives the server's end. */
async function arrive(kind: Kind, target: Target, host: KeptHost, headers: readonly string[] = []) {
  const link = /w/.test(kind) ? await openWebSocket(target, "/", headers) : await openTcp(target);
  onTestFinished(() => link.destroy());
  link.send(packet(3));
  const end = await host.accepted.next();
  expect(toHex(await end.bytes(4))).toBe("03000000");
  return end.wire;
}

/** Connects in the same way, and is sent away. */
async function comeInVain(kind: Kind, target: Target, host: KeptHost): Promise<void> {
  const coming = arrive(kind, target, host).catch(() => {});
  await until(() => host.places.length > 0 && lastPlace(host).departures.length > 0);
  host.accepted.end(new Error("nobody comes"));
  await coming;
}

/** All that a socket is sent until it is closed. */
async function lastWords(socket: Socket): Promise<string> {
  const words: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => void words.push(chunk));
  await new Promise((resolve) => {
    socket.on("close", resolve);
    socket.resume();
  });
  return Buffer.concat(words).toString("latin1");
}

/** The place of the newest arrival. */
function lastPlace(host: KeptHost): KeptPlace {
  return host.places.at(-1) as KeptPlace;
}

const line = "PROXY TCP4 203.0.113.5 198.51.100.9 4711 3250\r\n";
const binary = hex("0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a  21 11 00 0c  cb 00 71 05  c6 33 64 09  30 39  0c b2");
const own = hex("0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a  20 00 00 00");
const headed: ProxyOptions = { trusted: ["loopback"], tcp: "proxy-protocol", ws: "proxy-protocol" };
const believed = { remoteAddress: "203.0.113.5", proxyAddress: "127.0.0.1" };
const plain = { remoteAddress: "127.0.0.1", proxyAddress: undefined };

describe.each(kinds)("a connection over %s", (kind) => {
  it("is named after what carries it, and comes from where it comes", async () => {
    const host = new KeptHost();
    const wire = await arrive(kind, await listening(listeners[kind](), host), host);
    expect(wire.transport).toBe(kind.split(" ").at(-1));
    expect(wire).toMatchObject(plain);
    expect(lastPlace(host).departures).toEqual([]);
  });

  it.each([
    ["version 1", line],
    ["version 2", binary],
  ])("comes from where a trusted proxy's header says, %s", async (_version, preface) => {
    const host = new KeptHost().trust(headed);
    const target = await listening(listeners[kind](), host);
    expect(await arrive(kind, { ...target, preface }, host)).toMatchObject(believed);
    expect(new Set(lastPlace(host).addresses)).toEqual(new Set(["203.0.113.5"]));
  });

  it("is the proxy's own where the proxy says so", async () => {
    const host = new KeptHost().trust(headed);
    const target = await listening(listeners[kind](), host);
    expect(await arrive(kind, { ...target, preface: own }, host)).toMatchObject(plain);
  });

  it("is refused where the header is missing", async () => {
    const host = new KeptHost().trust(headed);
    const target = await listening(listeners[kind](), host);
    await comeInVain(kind, target, host);
    expect(lastPlace(host).departures).toMatchObject([
      { code: "invalid_proxy_header", message: "a trusted proxy's connection does not begin with a PROXY header" },
    ]);
    expect(host.accepted.length).toBe(0);
  });

  it("is refused where the header cannot be read", async () => {
    const host = new KeptHost().trust(headed);
    const target = await listening(listeners[kind](), host);
    await comeInVain(kind, { ...target, preface: "PROXY TCP4 nonsense\r\n" }, host);
    expect(lastPlace(host).departures).toMatchObject([{ code: "invalid_proxy_header" }]);
  });
});

describe("a PROXY header", () => {
  it("may come byte by byte, and with what follows in one piece", async () => {
    const host = new KeptHost().trust(headed);
    const target = await listening(tcp(loopback), host);
    const slow = await openSocket(target);
    for (const byte of Buffer.from(line)) {
      slow.write(Uint8Array.of(byte));
      await turn();
    }
    expect((await host.accepted.next()).wire).toMatchObject(believed);
    const fast = await openSocket(target);
    fast.write(concat(binary, packet(3), packet(4, "hello")));
    const end = await host.accepted.next();
    expect(toHex(await end.bytes(13))).toBe("030000000400000568656c6c6f");
    expect(end.wire).toMatchObject(believed);
    slow.destroy();
    fast.destroy();
  });

  it("that does not come keeps nobody else waiting", async () => {
    const host = new KeptHost().trust(headed);
    const target = await listening(tcp(loopback), host);
    const silent = await Promise.all(Array.from({ length: 20 }, () => openSocket({ ...target, preface: "PROXY " })));
    expect(await arrive("tcp", { ...target, preface: line }, host)).toMatchObject(believed);
    expect(host.accepted.length).toBe(0);
    silent.map((socket) => socket.destroy());
    await Promise.all(host.places.slice(0, 20).map(({ left }) => left));
    expect(host.places.slice(0, 20).flatMap(({ departures }) => departures)).toEqual(Array(20).fill(undefined));
  });

  it("that does not end is read no further than it may be long", async () => {
    const host = new KeptHost().trust(headed);
    const target = await listening(tcp(loopback), host);
    const socket = await openSocket({ ...target, preface: "PROXY ".padEnd(107, "x") });
    expect(await lastWords(socket)).toBe("refused: invalid_proxy_header");
  });

  it.each(["tcp", "hybrid tcp"] as const)("of somebody who is not trusted is what he says: over %s", async (kind) => {
    const host = new KeptHost().trust({ ...headed, trusted: ["192.0.2.1"] });
    const target = await listening(listeners[kind](), host);
    const socket = await openSocket({ ...target, preface: binary });
    const end = await host.accepted.next();
    expect(toHex(await end.bytes(binary.length))).toBe(toHex(binary));
    expect(end.wire).toMatchObject(plain);
    socket.destroy();
  });

  it("of somebody who is not trusted is no HTTP", async () => {
    const host = new KeptHost().trust({ ...headed, trusted: ["192.0.2.1"] });
    const target = await listening(ws(loopback), host);
    const socket = await openSocket({ ...target, preface: line + upgradeRequest("/") });
    expect(await lastWords(socket)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*upgrade_refused$/);
    expect(host.accepted.length).toBe(0);
  });

  it("is asked of each protocol as the options say, on one port", async () => {
    const host = new KeptHost().trust({ trusted: ["loopback"] });
    const target = await listening(hybrid(loopback), host);
    expect(await arrive("tcp", { ...target, preface: line }, host)).toMatchObject(believed);
    const forwarded = ["X-Forwarded-For: 203.0.113.5"];
    expect(await arrive("ws", target, host, forwarded)).toMatchObject(believed);
    await expect(arrive("ws", { ...target, preface: line }, host, forwarded)).rejects.toThrow(
      "HTTP/1.1 400 Bad Request",
    );
    expect(lastPlace(host).departures).toMatchObject([
      { message: "a trusted proxy's connection begins with a PROXY header, and proxy.ws tells of none" },
    ]);
    const bare = await openSocket({ ...target, preface: packet(3) });
    expect(await lastWords(bare)).toBe("refused: invalid_proxy_header");
  });

  it("is not looked for where the options say that there is none", async () => {
    const host = new KeptHost().trust({ trusted: ["loopback"], tcp: "nothing" });
    const target = await listening(tcp(loopback), host);
    expect(await arrive("tcp", target, host)).toMatchObject(plain);
  });

  it("comes before TLS, and TLS before HTTP", async () => {
    const host = new KeptHost().trust({ ...headed, ws: "x-forwarded-for" });
    const target = await listening(hybrid({ ...loopback, tls }), host);
    expect(await arrive("tcp", { ...target, preface: binary }, host)).toMatchObject({ ...believed, transport: "tls" });
    expect(await arrive("ws", target, host, ["X-Forwarded-For: 203.0.113.5"])).toMatchObject({
      ...believed,
      transport: "wss",
    });
  });

  it("may come over a Unix socket", async () => {
    const host = new KeptHost().trust({ trusted: ["unix"] });
    const socketPath = `${temporaryFolder()}/game.sock`;
    const transport = tcp({ socketPath });
    await listening(transport, host);
    const wire = await arrive("tcp", { socketPath, preface: binary }, host);
    expect(wire).toMatchObject({ remoteAddress: "203.0.113.5", proxyAddress: "unix" });
  });
});

describe("a proxy's HTTP header", () => {
  it.each([
    ["X-Forwarded-For", {}, "X-Forwarded-For: 1.1.1.1, 203.0.113.5, 127.0.0.1"],
    ["X-Forwarded-For in two lines", {}, "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 203.0.113.5"],
    ["Forwarded", { ws: "forwarded" }, 'Forwarded: for=1.1.1.1, for="203.0.113.5:80";proto=https'],
  ] as const)("tells where a client comes from: %s", async (_what, options, header) => {
    const host = new KeptHost().trust({ trusted: ["loopback"], ...options });
    const target = await listening(ws(loopback), host);
    expect(await arrive("ws", target, host, [header])).toMatchObject(believed);
    expect(lastPlace(host).addresses[0]).toBe("203.0.113.5");
  });

  it("is not believed of anybody else", async () => {
    const host = new KeptHost().trust({ trusted: ["192.0.2.1"] });
    const target = await listening(ws(loopback), host);
    expect(await arrive("ws", target, host, ["X-Forwarded-For: 203.0.113.5"])).toMatchObject(plain);
  });

  it("that cannot be read refuses the upgrade", async () => {
    const host = new KeptHost().trust({ trusted: ["loopback"], ws: "forwarded" });
    const target = await listening(ws(loopback), host);
    await expect(arrive("ws", target, host, ['Forwarded: for="x'])).rejects.toThrow("HTTP/1.1 400 Bad Request");
    expect(lastPlace(host).departures).toMatchObject([{ code: "upgrade_refused" }]);
  });
});

describe("TLS", () => {
  it.each(["tls", "wss", "hybrid tls"] as const)(
    "is not spoken by one who speaks in the clear: over %s",
    async (kind) => {
      const host = new KeptHost();
      const { port } = await listening(listeners[kind](), host);
      for (const words of [packet(1, "{}"), upgradeRequest("/"), "\u0016\u0003\u0001"]) {
        const socket = await openSocket({ port: port as number });
        socket.end(words);
        expect(await lastWords(socket)).toBe("");
      }
      await until(() => host.places.every(({ departures }) => departures.length > 0));
      expect(host.places.map(({ departures: [reason] }) => reason?.code)).toEqual([
        "tls_failed",
        "tls_failed",
        undefined,
      ]);
      expect(host.accepted.length).toBe(0);
    },
  );

  it("that fails on its way is told as such", async () => {
    const host = new KeptHost();
    const { port } = await listening(ws({ ...loopback, tls }), host);
    const secure = openSocket({ port: port as number, tls: { alpnProtocols: ["h2"] } });
    await expect(secure).rejects.toThrow("no application protocol");
    await until(() => lastPlace(host).departures.length > 0);
    expect(lastPlace(host).departures).toMatchObject([
      { code: "tls_failed", message: expect.stringContaining("no application protocol") },
    ]);
  });

  it("is agreed on with a client that asks for HTTP/1.1, and with one that asks for nothing", async () => {
    const host = new KeptHost();
    const { port } = await listening(hybrid({ ...loopback, tls }), host);
    const target = { port: port as number, tls: { alpnProtocols: ["http/1.1", "h2"] } };
    expect((await arrive("ws", target, host)).transport).toBe("wss");
    expect((await arrive("tcp", { ...target, tls: {} }, host)).transport).toBe("tls");
  });

  it("that is torn anywhere leaves nothing behind, and harms nobody", async () => {
    const host = new KeptHost();
    const target = await listening(tcp({ ...loopback, tls }), host);
    // The bytes of a client's first message, as they are.
    const hello = await firstBytes(target);
    for (let length = 1; length <= hello.length; length += 29) {
      const socket = await openSocket({ port: target.port as number });
      socket.write(hello.subarray(0, length));
      await turn();
      socket.resetAndDestroy();
    }
    await until(() => host.places.every(({ departures }) => departures.length > 0));
    expect(host.places.filter(({ departures: [reason] }) => reason !== undefined)).toEqual([]);
    expect((await arrive("tls", target, host)).transport).toBe("tls");
  });
});

async function firstBytes(target: Target): Promise<Buffer> {
  const catcher = createServer();
  await new Promise<void>((resolve) => void catcher.listen(0, "127.0.0.1", resolve));
  const { port } = catcher.address() as { port: number };
  const caught = new Promise<Buffer>((resolve) => {
    catcher.once("connection", (socket) => {
      socket.once("data", (bytes) => {
        socket.destroy();
        catcher.close();
        resolve(bytes);
      });
    });
  });
  await expect(openSocket({ ...target, port })).rejects.toThrow();
  return caught;
}

describe("a client that is late", () => {
  const late = new NanowireError("handshake_timeout", "too late");

  /** How far a client comes, and what it is told then. */
  const ways: readonly (readonly [
    far: string,
    kind: Kind,
    begin: (target: Target) => Promise<Socket>,
    words: RegExp,
  ])[] = [
    [
      "in its PROXY header",
      "tcp",
      (target) => openSocket({ ...target, preface: "PROXY TCP4" }),
      /^refused: handshake_timeout$/,
    ],
    ["before its first byte, on a shared port", "hybrid tcp", (target) => openSocket(target), /^$/],
    ["before TLS", "tls", ({ port = 0 }) => openSocket({ port }), /^$/],
    [
      "in its first message of TLS",
      "wss",
      ({ port = 0 }) => openSocket({ port, preface: hex("16 03 01 00 80 01") }),
      /^$/,
    ],
    ["after TLS", "tls", (target) => openSocket(target), /^$/],
    ["before its request", "ws", (target) => openSocket(target), /^HTTP\/1\.1 408 Request Timeout\r\n/],
    [
      "in its request",
      "ws",
      async (target) => {
        const socket = await openSocket(target);
        socket.write("GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ");
        return socket;
      },
      /^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*handshake_timeout$/,
    ],
  ];

  it.each(ways)("%s, over %s, is told what it can understand, and let go", async (far, kind, begin, words) => {
    const host = far.includes("PROXY") ? new KeptHost().trust(headed) : new KeptHost();
    const target = await listening(listeners[kind](), host);
    const socket = await begin(target);
    await until(() => host.places.length === 1);
    await turn();
    const ended = lastWords(socket);
    lastPlace(host).guest.turnAway(late);
    expect(await ended).toMatch(words);
    expect(host.accepted.length).toBe(0);
  });

  it("and does not hang up is cut off", async () => {
    const host = new KeptHost();
    const target = await listening(ws(loopback), host);
    const socket = await openSocket(target);
    socket.allowHalfOpen = true;
    await until(() => host.places.length === 1);
    fakeTimeouts();
    lastPlace(host).guest.turnAway(late);
    await readHead(socket);
    vi.advanceTimersByTime(2_000);
    await until(() => {
      socket.write("x");
      return socket.destroyed;
    });
    expect(socket.destroyed).toBe(true);
  });
});

describe("a house that is full", () => {
  it.each([
    ["tcp", /^refused: server_full$/],
    ["ws", /^HTTP\/1\.1 503 Service Unavailable\r\n[\s\S]*server_full$/],
    ["hybrid tcp", /^$/],
    ["tls", /^$/],
  ] as const)("says so at the door: over %s", async (kind, words) => {
    const host = new KeptHost();
    host.full = new NanowireError("server_full", "full");
    const target = await listening(listeners[kind](), host);
    expect(await lastWords(await openSocket({ port: target.port as number }))).toMatch(words);
    expect(host.accepted.length).toBe(0);
  });

  it("tells as many as it can, and cuts off the others", async () => {
    const host = new KeptHost();
    host.full = new NanowireError("server_full", "full");
    const target = await listening(tcp(loopback), host);
    // They do not hang up, so those who are told stay for a while.
    fakeTimeouts();
    const sockets: Socket[] = [];
    for (let index = 0; index < 140; index++) {
      const socket = await openSocket(target);
      socket.allowHalfOpen = true;
      socket.resume();
      sockets.push(socket);
    }
    await until(() => sockets.filter(({ destroyed, readableEnded }) => destroyed || readableEnded).length === 140);
    expect(sockets.filter(({ bytesRead }) => bytesRead > 0)).toHaveLength(128);
    sockets.map((socket) => socket.destroy());
  });
});

describe("a listener that is closed", () => {
  it.each(["tls", "ws", "hybrid tcp", "hybrid tls"] as const)(
    "lets go of those who are on their way: over %s",
    async (kind) => {
      const host = new KeptHost();
      const transport = listeners[kind]();
      const { port } = await listening(transport, host);
      const sockets = await Promise.all(Array.from({ length: 3 }, () => openSocket({ port: port as number })));
      await until(() => host.places.length === 3);
      const ended = sockets.map(lastWords);
      await transport.close();
      await Promise.all(ended);
      expect(host.places.flatMap(({ departures }) => departures.map((reason) => reason?.code))).toEqual([
        "server_stopped",
        "server_stopped",
        "server_stopped",
      ]);
    },
  );

  it("has no timer and no socket left", async () => {
    const host = new KeptHost();
    const transport = hybrid({ ...loopback, tls });
    const target = await listening(transport, host);
    await arrive("wss", target, host);
    await transport.close();
    expect(host.clock.waiting).toBe(0);
  });
});

describe("HTTP that is no upgrade", () => {
  async function answerTo(request: string | Uint8Array): Promise<{ words: string; place: KeptPlace }> {
    const host = new KeptHost();
    const target = await listening(ws(loopback), host);
    const socket = await openSocket({ ...target, preface: request });
    const words = await lastWords(socket);
    return { words, place: lastPlace(host) };
  }

  it.each([
    ["a page's request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 426],
    ["a request with a body that does not come", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n", 426],
    ["many requests at once", "GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(50), 426],
    ["an upgrade on another path", upgradeRequest("/other"), 404],
    ["an upgrade by another method", upgradeRequest("/").replace("GET", "PUT"), 400],
    ["an upgrade to something else", upgradeRequest("/").replace("Upgrade: websocket", "Upgrade: h2c"), 400],
    ["an upgrade of an old version", upgradeRequest("/").replace("Version: 13", "Version: 7"), 400],
    ["a request without a host", "GET / HTTP/1.1\r\n\r\n", 426],
    ["a request that waits to go on", "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", 426],
    ["a request that expects something else", "POST / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", 426],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
    ["giant headers", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(9_000)}\r\n\r\n`, 431],
    ["a giant path", `GET /${"x".repeat(9_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431],
    ["what is no HTTP", "HELLO\r\n\r\n", 400],
    ["bytes", Uint8Array.from({ length: 64 }, (_, index) => 0x41 + (index % 26)), 400],
  ])("is refused: %s", async (_what, request, status) => {
    const { words, place } = await answerTo(request);
    expect(words).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(words.match(/HTTP\/1\.1/g)).toHaveLength(1);
    await place.left;
    expect(place.departures).toMatchObject([{ code: "upgrade_refused" }]);
  });

  it("is no reason to say anything when the client is gone", async () => {
    const host = new KeptHost();
    const target = await listening(ws(loopback), host);
    const socket = await openSocket({ ...target, preface: "GET / HT" });
    await until(() => host.places.length === 1);
    await turn();
    socket.resetAndDestroy();
    await lastPlace(host).left;
    expect(lastPlace(host).departures).toEqual([undefined]);
  });

  it("may be followed by a frame before it is answered: that is no harm", async () => {
    const host = new KeptHost();
    const target = await listening(ws(loopback), host);
    const socket = await openSocket(target);
    socket.write(Buffer.concat([Buffer.from(upgradeRequest("/other")), clientFrame(0x2, packet(3))]));
    expect(await lastWords(socket)).toMatch(/^HTTP\/1\.1 404 /);
  });
});
