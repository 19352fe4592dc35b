import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";
import { deflateRawSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import type { UpgradeRequest } from "../../runtime/transport/upgrade-request.js";
import { ws } from "../../runtime/transport/ws.js";
import type { OwnWsOptions, SharedWsOptions, UpgradeOptions } from "../../runtime/transport/ws-options.js";
import { concat, toHex } from "../protocol/hex.js";
import { Client, packet } from "../support/client.js";
import { KeptHost } from "../support/host.js";
import { clientFrame, openSocket, openWebSocket, readHead, upgradeRequest } from "../support/link.js";
import { defer, turn, until } from "../support/wait.js";
import { pattern } from "./contract.js";

const loopback = { host: "127.0.0.1", port: 0 };

async function listening(options: UpgradeOptions, host = new KeptHost()) {
  const transport = ws({ ...loopback, ...options });
  await transport.listen(host);
  onTestFinished(() => transport.close());
  return { transport, host, port: transport.address?.port as number };
}

/** Asks for an upgrade; gives the status of the answer and the code that the host is told. */
async function statusOf({ port, host }: { port: number; host: KeptHost }, headers: readonly string[] = [], path = "/") {
  const socket = await openSocket({ port });
  onTestFinished(() => void socket.destroy());
  socket.write(upgradeRequest(path, headers));
  const { head } = await readHead(socket);
  const status = Number(head.split(" ")[1]);
  return { status, head, code: host.places.at(-1)?.departures[0]?.code };
}

describe("a page's origin", () => {
  const own = { origin: (port: number) => `http://127.0.0.1:${port}` };

  it("may be the host that it connects to, whatever its port, and no other, unless something is said", async () => {
    const test = await listening({});
    const statuses = [];
    for (const origin of [own.origin(test.port), "http://127.0.0.1:5173", "https://127.0.0.1"]) {
      statuses.push((await statusOf(test, [`Origin: ${origin}`])).status);
    }
    expect(statuses).toEqual([101, 101, 101]);
    for (const origin of [
      "http://localhost",
      "http://127.0.0.1.evil.example",
      "https://evil.example",
      "null",
      "",
      "nonsense",
    ]) {
      const { status, code } = await statusOf(test, [`Origin: ${origin}`]);
      expect([origin, status, code]).toEqual([origin, 403, "origin_refused"]);
    }
  });

  it("is not asked of one who is no page", async () => {
    expect((await statusOf(await listening({ origins: [] }))).status).toBe(101);
  });

  it.each([
    ["*", ["https://evil.example", "null", "nonsense"], []],
    [
      ["https://game.example.com"],
      ["https://game.example.com", "https://GAME.example.com"],
      [
        "http://game.example.com",
        "https://game.example.com:8443",
        "https://x.game.example.com",
        "https://game.example.com.evil.example",
      ],
    ],
    [["https://game.example.com:8443"], ["https://game.example.com:8443"], ["https://game.example.com"]],
    [
      ["https://*.example.com"],
      ["https://a.example.com", "https://a.b.example.com"],
      [
        "https://example.com",
        "https://evilexample.com",
        "https://.example.com",
        "http://a.example.com",
        "https://a.example.com:8443",
        "https://evil.example/.example.com",
      ],
    ],
    [["null", "http://localhost:5173"], ["null", "http://localhost:5173"], ["http://localhost"]],
    [[], [], ["http://127.0.0.1"]],
    [["capacitor://localhost"], ["capacitor://localhost"], ["http://localhost"]],
  ] as const)("is one of %j", async (origins, taken, refused) => {
    const test = await listening({ origins });
    for (const origin of taken) {
      expect([origin, (await statusOf(test, [`Origin: ${origin}`])).status]).toEqual([origin, 101]);
    }
    for (const origin of refused) {
      expect([origin, (await statusOf(test, [`Origin: ${origin}`])).status]).toEqual([origin, 403]);
    }
  });

  it("may be judged by a function, which sees the request", async () => {
    const seen: [string, string, string][] = [];
    const test = await listening({
      origins(origin, { url, remoteAddress }) {
        seen.push([origin, url, remoteAddress]);
        return origin.endsWith("good");
      },
    });
    expect((await statusOf(test, ["Origin: http://good"], "/?a=1")).status).toBe(101);
    expect((await statusOf(test, ["Origin: http://bad"])).status).toBe(403);
    expect(seen).toEqual([
      ["http://good", "/?a=1", "127.0.0.1"],
      ["http://bad", "/", "127.0.0.1"],
    ]);
  });

  it("that a function cannot judge is refused, and the failure is logged", async () => {
    const failure = new Error("no idea");
    const test = await listening({
      origins() {
        throw failure;
      },
    });
    expect(await statusOf(test, ["Origin: http://a"])).toMatchObject({ status: 500, code: "upgrade_refused" });
    expect(test.host.logger.at("error").map(({ fields }) => fields["error"])).toEqual([failure]);
  });

  it.each([
    ["example.com"],
    ["https://example.com/"],
    ["https://example.com/path"],
    ["https://user@example.com"],
    ["*"],
    ["https://*"],
    ["https://a.*.example.com"],
    [""],
  ])("cannot be %j", (origin) => {
    expect(() => ws({ ...loopback, origins: [origin] })).toThrow(
      expect.objectContaining({ code: "invalid_option", message: expect.stringContaining(`origins has ${origin}`) }),
    );
  });

  it("cannot be told by anything else", () => {
    expect(() => ws({ ...loopback, origins: true as unknown as string[] })).toThrow(
      "origins true is not *, an array or a function",
    );
  });
});

describe("subprotocols", () => {
  const chosen = ({ head }: { head: string }) => /sec-websocket-protocol: (.*)/i.exec(head)?.[1];

  it.each([
    [undefined, "a, b", 101, "a"],
    [undefined, undefined, 101, undefined],
    [["b", "a"], "a, b", 101, "b"],
    [["b", "a"], "x,a", 101, "a"],
    [["b", "a"], undefined, 101, undefined],
    [["b", "a"], "x, y", 400, undefined],
    [["a"], "A", 400, undefined],
    [[], "a", 400, undefined],
    [["a"], "a, a", 400, undefined],
    [["a"], "a,,", 400, undefined],
  ] as const)("of %j, asked for %j: %d with %s", async (subprotocols, asked, status, expected) => {
    const test = await listening(subprotocols === undefined ? {} : { subprotocols });
    const answer = await statusOf(test, asked === undefined ? [] : [`Sec-WebSocket-Protocol: ${asked}`]);
    expect([answer.status, chosen(answer)]).toEqual([status, expected]);
  });

  it("are HTTP tokens", () => {
    expect(() => ws({ ...loopback, subprotocols: ["a b"] })).toThrow('subprotocols has "a b", which is no HTTP token');
  });
});

describe("verify", () => {
  it.each<[unknown, number]>([
    [true, 101],
    [false, 403],
    [401, 401],
    [503, 503],
    [599, 599],
    [200, 403],
    [undefined, 403],
    ["yes", 403],
  ])("that says %s answers with %d, at once or later", async (verdict, status) => {
    for (const verify of [() => verdict, async () => verdict]) {
      const test = await listening({ verify: verify as () => boolean });
      const answer = await statusOf(test);
      expect([answer.status, answer.code]).toEqual([status, status === 101 ? undefined : "upgrade_refused"]);
    }
  });

  it("that raises an error on purpose refuses with 403 and its code; by mistake with 500, and it is logged", async () => {
    const mistake = new Error("the password is 1234");
    for (const raise of [
      (error: Error) => {
        throw error;
      },
      (error: Error) => Promise.reject(error),
    ]) {
      const banned = await listening({ verify: () => raise(new NanowireError("banned", "until tomorrow")) });
      expect(await statusOf(banned)).toMatchObject({ status: 403, code: "banned" });
      const broken = await listening({ verify: () => raise(mistake) });
      const answer = await statusOf(broken);
      expect(answer).toMatchObject({ status: 500, code: "upgrade_refused" });
      expect(answer.head).not.toContain("1234");
      expect(broken.host.logger.at("error").map(({ fields }) => fields["error"])).toEqual([mistake]);
    }
  });

  it("sees what the client asked for, and where it comes from", async () => {
    const seen: UpgradeRequest[] = [];
    const host = new KeptHost().trust({ trusted: ["loopback"] });
    const test = await listening({ path: "/game", verify: (request) => seen.push(request) > 0 }, host);
    await statusOf(test, ["Cookie: id=7", "X-Forwarded-For: 203.0.113.5"], "/game?room=7");
    expect(seen).toMatchObject([
      {
        url: "/game?room=7",
        transport: "ws",
        remoteAddress: "203.0.113.5",
        proxyAddress: "127.0.0.1",
        headers: { cookie: "id=7", host: "127.0.0.1" },
      },
    ]);
    expect(seen[0]?.signal.aborted).toBe(false);
  });

  it("is waited for: nothing that the client says meanwhile is lost, or handed on", async () => {
    const verdict = defer<boolean>();
    const { host, port } = await listening({ verify: () => verdict.promise });
    const socket = await openSocket({ port });
    onTestFinished(() => void socket.destroy());
    const frames = Array.from({ length: 50 }, (_, index) => packet(4, pattern(1_000, index)));
    socket.write(upgradeRequest("/"));
    for (const frame of frames) {
      socket.write(clientFrame(0x2, frame));
      await turn();
    }
    expect(host.accepted.length).toBe(0);
    verdict.resolve(true);
    const end = await host.accepted.next();
    const all = concat(...frames);
    expect(toHex(await end.bytes(all.length))).toBe(toHex(all));
  });

  it("is not waited for when the client goes: its signal tells, and its verdict is for nobody", async () => {
    const verdict = defer<boolean>();
    const asked = defer<UpgradeRequest>();
    const { host, port } = await listening({
      verify(request) {
        asked.resolve(request);
        return verdict.promise;
      },
    });
    const socket = await openSocket({ port });
    socket.write(upgradeRequest("/"));
    const { signal } = await asked.promise;
    socket.resetAndDestroy();
    await until(() => signal.aborted);
    expect(signal.reason).toMatchObject({ code: "canceled" });
    expect(host.places[0]?.departures).toEqual([undefined]);
    verdict.resolve(true);
    await turn();
    expect(host.accepted.length).toBe(0);
  });

  it("that takes too long is over with the handshake's time", async () => {
    const asked = defer<UpgradeRequest>();
    const { host, port } = await listening({
      verify(request) {
        asked.resolve(request);
        return new Promise(() => {});
      },
    });
    const socket = await openSocket({ port });
    socket.write(upgradeRequest("/"));
    const { signal } = await asked.promise;
    host.places[0]?.guest.turnAway(new NanowireError("handshake_timeout", "too late"));
    expect((await readHead(socket)).head).toMatch(/^HTTP\/1\.1 408 /);
    expect(signal.aborted).toBe(true);
  });

  it("of a client that is gone may still reject: that is no failure", async () => {
    const verdict = defer<boolean>();
    const { host, port } = await listening({ verify: () => verdict.promise });
    const socket = await openSocket({ port });
    socket.write(upgradeRequest("/"));
    await until(() => host.places.length === 1);
    await turn();
    socket.destroy();
    await host.places[0]?.left;
    verdict.reject(new NanowireError("banned", "late"));
    await turn();
    expect([host.accepted.length, host.places[0]?.departures.length]).toEqual([0, 1]);
  });
});

describe("compression", () => {
  const offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits";

  async function connected(compression: UpgradeOptions["compression"], header = offer, host = new KeptHost()) {
    const { port } = await listening(compression === undefined ? {} : { compression }, host);
    const link = await openWebSocket({ port }, "/", [header]);
    onTestFinished(() => link.destroy());
    const client = new Client(link);
    return { link, client, end: await host.accepted.next(), host };
  }

  const agreed = (head: string) => /sec-websocket-extensions: (.*)/i.exec(head)?.[1];

  it.each([undefined, false])("is not agreed on where the option is %s", async (compression) => {
    const { link, end, client } = await connected(compression);
    expect(agreed(link.head)).toBeUndefined();
    end.wire.outbox.send(packet(4, new Uint8Array(10_000)));
    await client.packet();
    expect(link.frames.map(({ compressed }) => compressed)).toEqual([false]);
  });

  it("is agreed on with a small window, and nothing is remembered between frames", async () => {
    const { link } = await connected(true);
    expect(agreed(link.head)?.split("; ").sort()).toEqual([
      "client_no_context_takeover",
      "permessage-deflate",
      "server_max_window_bits=12",
      "server_no_context_takeover",
    ]);
  });

  it("is of turns that are worth it, in their order", async () => {
    const { link, client, end } = await connected({ thresholdBytes: 500 });
    const sizes = [10, 5_000, 20, 499 - 4, 500 - 4, 60_000, 1, 30_000, 2];
    for (const [index, size] of sizes.entries()) {
      end.wire.outbox.send(packet(4, pattern(size, index)));
      await until(() => client.packets.length > index);
    }
    expect(link.frames.map(({ compressed }) => compressed)).toEqual([
      false,
      true,
      false,
      false,
      true,
      true,
      false,
      true,
      false,
    ]);
    for (const [index, size] of sizes.entries()) {
      expect(Buffer.compare((await client.packet()).body, pattern(size, index))).toBe(0);
    }
  });

  it("does not let one turn overtake another", async () => {
    const { client, end } = await connected({ thresholdBytes: 500 });
    const count = 200;
    for (let index = 0; index < count; index++) {
      end.wire.outbox.send(packet(4, pattern(index % 2 === 0 ? 30_000 : 10, index)));
      await turn();
    }
    for (let index = 0; index < count; index++) {
      expect(Buffer.compare((await client.packet()).body, pattern(index % 2 === 0 ? 30_000 : 10, index))).toBe(0);
    }
    expect(end.wire.outbox.waitingBytes).toBe(0);
  });

  it("of what comes is undone, up to the limit of a frame and no further", async () => {
    const { link, client, end } = await connected(true, offer, new KeptHost(10_000));
    const send = (payload: Uint8Array): void => {
      const deflated = deflateRawSync(payload, { finishFlush: 2 });
      // RFC 7692, 7.2.1: the empty block at the end stays away.
      link.compressed(deflated.subarray(0, -4));
    };
    send(new Uint8Array(10_000));
    expect(await end.bytes(10_000)).toHaveLength(10_000);
    send(new Uint8Array(10_000_000));
    expect(await client.ended).toMatchObject({ code: 1009 });
    expect(end.violations.map(({ code }) => code)).toEqual(["packet_too_large"]);
    expect(end.length).toBe(10_000);
  });

  it("that is broken closes the connection that sent it", async () => {
    const { link, client, end } = await connected(true);
    link.compressed(Uint8Array.of(0xff, 0xff, 0xff));
    expect(await client.ended).toMatchObject({ code: 1007 });
    expect(end.violations.map(({ code }) => code)).toEqual(["invalid_frame"]);
  });

  it("is not agreed on with a client that wants a smaller window: it is served without", async () => {
    const { link } = await connected(true, "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9");
    expect(agreed(link.head)).toBeUndefined();
  });

  it("is not agreed on with a client that does not offer it", async () => {
    const { link, client, end } = await connected(true, "X-Nothing: 1");
    expect(agreed(link.head)).toBeUndefined();
    end.wire.outbox.send(packet(4, new Uint8Array(10_000)));
    await client.packet();
    expect(link.frames.map(({ compressed }) => compressed)).toEqual([false]);
  });

  it.each([
    [{ thresholdBytes: -1 }, "compression.thresholdBytes -1 is not an integer from 0 to 1073741824"],
    [{ level: 10 }, "compression.level 10 is not an integer from 1 to 9"],
    [{ windowBits: 8 }, "compression.windowBits 8 is not an integer from 9 to 15"],
    [{ threshold: 8 }, "there is no option compression.threshold; there are thresholdBytes, level, windowBits"],
    ["on" as unknown as object, "the options of compression are on, not an object"],
  ])("cannot be %j", (compression, message) => {
    expect(() => ws({ ...loopback, compression })).toThrow(
      expect.objectContaining({ code: "invalid_option", message }),
    );
  });
});

describe("pings", () => {
  it("of a client that reads are answered, however many", async () => {
    const { host, port } = await listening({});
    const link = await openWebSocket({ port });
    onTestFinished(() => link.destroy());
    new Client(link);
    const end = await host.accepted.next();
    for (let index = 0; index < 1_000; index++) {
      link.frame(0x9, Uint8Array.of(index >>> 8, index & 0xff));
    }
    await until(() => link.frames.length === 1_000);
    expect(link.frames.every(({ opcode }) => opcode === 0xa)).toBe(true);
    expect(end.violations).toEqual([]);
  });

  it("of a client that does not read are answered no further than it may have wait for it", async () => {
    const limit = 65_536;
    const { host, port } = await listening({}, new KeptHost(65_540, limit));
    const link = await openWebSocket({ port });
    onTestFinished(() => link.destroy());
    const end = await host.accepted.next();
    link.stopReading();
    const ping = new Uint8Array(125);
    let most = 0;
    const { wire } = end;
    while (end.violations.length === 0) {
      for (let index = 0; index < 200; index++) {
        link.frame(0x9, ping);
      }
      await turn();
      most = Math.max(most, (wire as unknown as { queuedBytes: number }).queuedBytes);
    }
    expect(end.violations.map(({ code }) => code)).toEqual(["outbox_overflow"]);
    // A chunk of pings that was read together is answered together.
    expect(most).toBeLessThan(limit + 3 * 65_536);
  });
});

describe("an HTTP server that is shared", () => {
  async function shared(handler?: (url: string | undefined) => string): Promise<Server> {
    const http = createServer((request, response) => void response.end(handler?.(request.url) ?? "a page"));
    await new Promise<void>((resolve) => void http.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      http.closeAllConnections();
      http.close();
    });
    return http;
  }

  const portOf = (http: Server) => (http.address() as { port: number }).port;
  const events = ["upgrade", "error", "connection", "listening", "close", "clientError", "request"];
  const listeners = (http: Server) => events.map((event) => http.listenerCount(event));

  it("has after a listener's end what it had before, however often", async () => {
    const http = await shared();
    const before = listeners(http);
    const [one, two] = [ws({ server: http, path: "/one" }), ws({ server: http, path: "/two" })];
    for (let round = 0; round < 20; round++) {
      await one.listen(new KeptHost());
      await two.listen(new KeptHost());
      expect(http.listenerCount("upgrade")).toBe(1);
      await two.close();
      await one.close();
    }
    expect(listeners(http)).toEqual(before);
  });

  it("that a listener opens has nothing of it left when it is closed, nor when it cannot be opened", async () => {
    const http = createServer();
    const before = listeners(http);
    const transport = ws({ ...loopback, server: http });
    for (let round = 0; round < 5; round++) {
      await transport.listen(new KeptHost());
      await transport.close();
    }
    expect(listeners(http)).toEqual(before);
    const other = await shared();
    const taken = ws({ ...loopback, port: portOf(other), server: http });
    for (let round = 0; round < 5; round++) {
      await expect(taken.listen(new KeptHost())).rejects.toMatchObject({ code: "listen_failed" });
    }
    expect(listeners(http)).toEqual(before);
  });

  it("may be opened by its owner, before or after", async () => {
    const http = createServer();
    const transport = ws({ server: http });
    const host = new KeptHost();
    await transport.listen(host);
    expect(transport.address).toBeUndefined();
    await new Promise<void>((resolve) => void http.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void http.close());
    expect(transport.address?.url).toBe(`ws://127.0.0.1:${portOf(http)}`);
    const link = await openWebSocket({ port: portOf(http) });
    await host.accepted.next();
    await transport.close();
    expect(http.listening).toBe(true);
    link.destroy();
  });

  it("answers an upgrade that is nobody's with 404 though several listeners share it", async () => {
    const http = await shared();
    for (const path of ["/one", "/two", "/three"]) {
      const transport = ws({ server: http, path });
      await transport.listen(new KeptHost());
      onTestFinished(() => transport.close());
    }
    await expect(openWebSocket({ port: portOf(http) }, "/four")).rejects.toThrow("HTTP/1.1 404 Not Found");
    const link = await openWebSocket({ port: portOf(http) }, "/three?x=1");
    link.destroy();
  });

  it("gives a path to one listener", async () => {
    const http = await shared();
    const [one, two] = [ws({ server: http, path: "/game" }), ws({ server: http, path: "/game" })];
    await one.listen(new KeptHost());
    await expect(two.listen(new KeptHost())).rejects.toMatchObject({
      code: "listen_failed",
      message: "the path /game is another listener's on this HTTP server",
    });
    await one.close();
    await two.listen(new KeptHost());
    await two.close();
  });

  it("leaves what is not its own to its owner: requests, and upgrades of other paths", async () => {
    const http = await shared((url) => `page ${url}`);
    http.on("upgrade", (request, socket) => {
      if (request.url?.startsWith("/theirs") === true) {
        socket.end("HTTP/1.1 418 Theirs\r\nConnection: close\r\n\r\n");
      }
    });
    const transport = ws({ server: http, path: "/game" });
    await transport.listen(new KeptHost());
    onTestFinished(() => transport.close());
    const port = portOf(http);
    await expect(openWebSocket({ port }, "/theirs")).rejects.toThrow("HTTP/1.1 418 Theirs");
    const page = await fetch(`http://127.0.0.1:${port}/game`, { headers: { connection: "close" } });
    expect(await page.text()).toBe("page /game");
    (await openWebSocket({ port }, "/game")).destroy();
  });

  it("tells those who find no place, and hangs up", async () => {
    const http = await shared();
    const host = new KeptHost();
    host.full = new NanowireError("server_full", "full");
    const transport = ws({ server: http });
    await transport.listen(host);
    onTestFinished(() => transport.close());
    await expect(openWebSocket({ port: portOf(http) })).rejects.toThrow("HTTP/1.1 503 Service Unavailable");
  });

  it("has those who wait for their verdict sent away when the listener is closed", async () => {
    const http = await shared();
    const asked = defer<UpgradeRequest>();
    const transport = ws({
      server: http,
      verify(request) {
        asked.resolve(request);
        return new Promise(() => {});
      },
    });
    const host = new KeptHost();
    await transport.listen(host);
    const socket: Socket = await openSocket({ port: portOf(http) });
    const closed = new Promise((resolve) => socket.on("close", resolve).resume());
    socket.write(upgradeRequest("/"));
    await asked.promise;
    await transport.close();
    await closed;
    expect(host.places[0]?.departures).toMatchObject([{ code: "server_stopped" }]);
  });

  it("cannot read PROXY headers, and says so", async () => {
    const transport = ws({ server: createServer() });
    const host = new KeptHost().trust({ trusted: ["loopback"], ws: "proxy-protocol" });
    await expect(transport.listen(host)).rejects.toMatchObject({
      code: "invalid_option",
      message: "proxy.ws is proxy-protocol, which an HTTP server that is handed in cannot read",
    });
  });

  it("has its own TLS", () => {
    const options = { server: createServer(), tls: { cert: "", key: "" } } as unknown as SharedWsOptions;
    expect(() => ws(options)).toThrow(expect.objectContaining({ code: "invalid_option" }));
  });
});

it("a listener's options are checked when it is made", () => {
  const made = (options: object) => () => ws({ ...loopback, ...options } as OwnWsOptions);
  expect(made({ maxFrameBytes: 0 })).toThrow("maxFrameBytes 0 is not an integer from 64 to 1073741824");
  expect(made({ path: 7 })).toThrow("path 7 does not begin with /");
});
