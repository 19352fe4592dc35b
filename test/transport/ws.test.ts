import { createServer, type Server } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { type ErrorCode, NanowireError } from "../../runtime/base/error.js";
import { ws } from "../../runtime/transport/ws.js";
import type { UpgradeOptions } from "../../runtime/transport/ws-options.js";
import { concat, hex, toHex } from "../protocol/hex.js";
import { Client, packet } from "../support/client.js";
import { type AcceptedWire, KeptHost } from "../support/host.js";
import {
  clientFrame,
  openSocket,
  openWebSocket,
  readHead,
  upgradeRequest,
  type WebSocketLink,
} from "../support/link.js";
import { defer, turn, until } from "../support/wait.js";
import { type Contract, networkContract, pattern, portContract, transportContract } from "./contract.js";

const loopback = { host: "127.0.0.1", port: 0 };

const contract: Contract = {
  title: "ws",
  name: "ws",
  create: (port = 0) => ws({ ...loopback, port }),
  url: /^ws:\/\/127\.0\.0\.1:\d+$/,
  remoteAddress: "127.0.0.1",
};

transportContract(contract);
networkContract(contract);
portContract(contract);

/** What a listener of these tests may be told. */
interface Options extends UpgradeOptions {
  readonly port?: number;
  readonly server?: Server;
}

async function listening(host: KeptHost, options: Options = {}) {
  const transport = ws({ ...loopback, ...options });
  await transport.listen(host);
  onTestFinished(() => transport.close());
  return transport;
}

/** A client whose every frame is seen, and the server's end. */
async function connected(host = new KeptHost(), options: Options = {}) {
  const transport = await listening(host, options);
  const link = await openWebSocket({ port: transport.address?.port as number }, options.path);
  onTestFinished(() => link.destroy());
  const client = new Client(link);
  const end = await host.accepted.next();
  return { transport, link, client, end };
}

describe("frames that come", () => {
  it("hand on each frame's payload: half a packet, or many", async () => {
    const { client, end } = await connected();
    const whole = concat(packet(4, "one"), packet(4, "two"), packet(3));
    client.send(whole);
    expect(toHex(await end.bytes(whole.length))).toBe(toHex(whole));
    expect(end.pieces).toHaveLength(1);
    client.send(whole.slice(0, 5));
    client.send(whole.slice(5));
    expect(toHex(await end.bytes(2 * whole.length))).toBe(toHex(concat(whole, whole)));
  });

  it("may be in fragments, with a ping between, which is answered", async () => {
    const { link, end } = await connected();
    link.frame(0x2, hex("04 00"), false);
    link.frame(0x0, hex("00 03 61"), false);
    link.frame(0x9, hex("70 69 6e 67"));
    link.frame(0x0, hex("62 63"));
    expect(toHex(await end.bytes(7))).toBe("04000003616263");
    await until(() => link.frames.length === 1);
    expect(link.frames.map(({ opcode, payload }) => [opcode, toHex(payload)])).toEqual([[0xa, "70696e67"]]);
  });

  it("may arrive byte by byte", async () => {
    const { link, end } = await connected();
    for (const byte of clientFrame(0x2, hex("03 00 00 00"))) {
      link.socket.write(Uint8Array.of(byte));
      await turn();
    }
    expect(toHex(await end.bytes(4))).toBe("03000000");
  });

  it("may be empty", async () => {
    const { link, client, end } = await connected();
    link.frame(0x2, new Uint8Array(0));
    client.send("03 00 00 00");
    expect(toHex(await end.bytes(4))).toBe("03000000");
  });

  it("may come right behind the upgrade request, in one piece", async () => {
    const host = new KeptHost();
    const transport = await listening(host);
    const socket = await openSocket({ port: transport.address?.port as number });
    onTestFinished(() => void socket.destroy());
    socket.write(Buffer.concat([Buffer.from(upgradeRequest("/")), clientFrame(0x2, hex("03 00 00 00"))]));
    const end = await host.accepted.next();
    expect(toHex(await end.bytes(4))).toBe("03000000");
  });

  it("of text break the protocol: text_frame, closed with 1003", async () => {
    const { link, client, end } = await connected();
    link.frame(0x1, new TextEncoder().encode("hello"));
    expect(await client.ended).toEqual({ code: 1003, reason: "text_frame" });
    await end.closed;
    expect(end.violations.map(({ code, scope }) => [code, scope])).toEqual([["text_frame", "connection"]]);
    expect([end.length, end.closings]).toEqual([0, 1]);
  });

  it.each([
    ["a frame that is not masked", hex("82 04 03 00 00 00"), 1002],
    ["a reserved bit", hex("f2 84 00 00 00 00 03 00 00 00"), 1002],
    ["an opcode that does not exist", hex("83 84 00 00 00 00 03 00 00 00"), 1002],
    ["a continuation of nothing", hex("80 84 00 00 00 00 03 00 00 00"), 1002],
    ["a ping in fragments", hex("09 80 00 00 00 00"), 1002],
    ["a ping of 126 bytes", concat(hex("89 fe 00 7e 00 00 00 00"), new Uint8Array(126)), 1002],
    ["a text that is not UTF-8", hex("81 81 00 00 00 00 ff"), 1007],
  ])("refuse %s: invalid_frame", async (_what, bytes, code) => {
    const { link, client, end } = await connected();
    link.socket.write(bytes);
    expect(await client.ended).toMatchObject({ code });
    await end.closed;
    expect(end.violations.map((error) => error.code)).toEqual(["invalid_frame"]);
    expect([end.length, end.closings]).toEqual([0, 1]);
  });

  it("in more pieces than are worth keeping are refused", async () => {
    const { link, client, end } = await connected();
    link.frame(0x2, Uint8Array.of(3), false);
    for (let index = 0; index < 1_100; index++) {
      link.frame(0x0, new Uint8Array(0), false);
    }
    expect(await client.ended).toMatchObject({ code: 1008 });
    await end.closed;
    expect(end.violations.map((error) => error.code)).toEqual(["invalid_frame"]);
  });

  describe("over the limit", () => {
    it("are refused by their header: packet_too_large, closed with 1009", async () => {
      const { link, client, end } = await connected(new KeptHost(1_000));
      link.socket.write(hex("82 fe 03 e9 00 00 00 00 # 1001 bytes, of which none came"));
      expect(await client.ended).toMatchObject({ code: 1009 });
      await end.closed;
      expect(end.violations.map(({ code }) => code)).toEqual(["packet_too_large"]);
      expect([end.length, end.closings]).toEqual([0, 1]);
    });

    it("are refused when only their fragments together are", async () => {
      const { link, client, end } = await connected(new KeptHost(1_000));
      link.frame(0x2, new Uint8Array(600), false);
      link.frame(0x0, new Uint8Array(401), true);
      expect(await client.ended).toMatchObject({ code: 1009 });
      expect(end.violations.map(({ code }) => code)).toEqual(["packet_too_large"]);
    });

    it("at the limit are taken", async () => {
      const { client, end } = await connected(new KeptHost(1_000));
      client.send(pattern(1_000));
      expect(await end.bytes(1_000)).toHaveLength(1_000);
      expect(end.violations).toEqual([]);
    });

    it("have a limit of their own where the option says so", async () => {
      const { client, end } = await connected(new KeptHost(1_000), { maxFrameBytes: 5_000 });
      client.send(pattern(5_000));
      expect(await end.bytes(5_000)).toHaveLength(5_000);
      client.send(pattern(5_001));
      expect(await client.ended).toMatchObject({ code: 1009 });
    });
  });
});

describe("frames that go", () => {
  it.each([
    [5, "8205"],
    [125, "827d"],
    [126, "827e007e"],
    [127, "827e007f"],
    [65_535, "827effff"],
    [65_536, "827f0000000000010000"],
    [70_000, "827f0000000000011170"],
  ])("of %d bytes are whole, binary, unmasked, with the shortest header", async (length, header) => {
    const { link, client, end } = await connected();
    const sent = packet(4, pattern(length - 4));
    end.wire.outbox.send(sent);
    await client.packet();
    expect(link.frames).toHaveLength(1);
    expect(toHex(link.frames[0]?.header as Uint8Array)).toBe(header);
    expect(Buffer.compare(link.frames[0]?.payload as Uint8Array, sent)).toBe(0);
  });

  it("hold all packets of a turn", async () => {
    const { link, client, end } = await connected();
    for (let index = 0; index < 300; index++) {
      end.wire.outbox.send(packet(4, pattern(index)));
    }
    await until(() => client.packets.length === 300);
    expect(link.frames).toHaveLength(1);
  });

  it("stay whole beside the answers to pings", async () => {
    const { link, client, end } = await connected();
    const rounds = 200;
    for (let index = 0; index < rounds; index++) {
      link.frame(0x9, Uint8Array.of(index));
      end.wire.outbox.send(packet(4, pattern(3_000, index)));
      await turn();
    }
    await until(() => client.packets.length === rounds && link.frames.length >= 2 * rounds);
    const pongs = link.frames.filter(({ opcode }) => opcode === 0xa);
    expect(pongs.map(({ payload }) => payload[0])).toEqual(Array.from({ length: rounds }, (_, index) => index));
    for (let index = 0; index < rounds; index++) {
      expect(Buffer.compare((await client.packet()).body, pattern(3_000, index))).toBe(0);
    }
  });

  it.each<[ErrorCode | "banned", number]>([
    ["closed", 1000],
    ["kicked", 1000],
    ["server_stopped", 1001],
    ["heartbeat_timeout", 1001],
    ["invalid_packet_type", 1002],
    ["invalid_message", 1002],
    ["unknown_code", 1002],
    ["unexpected_packet", 1002],
    ["invalid_handshake", 1002],
    ["text_frame", 1003],
    ["packet_too_large", 1009],
    ["handshake_refused", 1008],
    ["handshake_timeout", 1008],
    ["outbox_overflow", 1008],
    ["banned", 1008],
  ])("say why a connection is closed: %s is %d", async (code, expected) => {
    const { client, end } = await connected();
    end.wire.close(new NanowireError(code, "the text is not sent", { scope: "connection" }));
    expect(await client.ended).toEqual({ code: expected, reason: code });
  });

  it("say why in as many bytes as a frame takes, however long the application's code is", async () => {
    const { client, end } = await connected();
    end.wire.close(new NanowireError("ü".repeat(200), "no", { scope: "connection" }));
    const { code, reason } = await client.ended;
    expect([code, Buffer.byteLength(reason as string) <= 123]).toEqual([1008, true]);
    expect("ü".repeat(200).startsWith(reason as string)).toBe(true);
  });

  it("end with the close frame: what was written before comes first, and nothing after", async () => {
    const { link, client, end } = await connected();
    end.wire.outbox.send(packet(4, "last"));
    end.wire.close(new NanowireError("closed", "enough"));
    end.wire.outbox.send(packet(4, "too late"));
    await client.ended;
    expect(link.frames.map(({ opcode }) => opcode)).toEqual([0x2, 0x8]);
  });

  it("end when the client has said that it closes: what is still answered is dropped", async () => {
    const host = new KeptHost();
    host.onReceive = (wire) => void wire.outbox.send(packet(4, "answer"));
    const { link, client, end } = await connected(host);
    // In one piece: the answer is written at the end of the turn, after the closing was answered.
    link.socket.write(
      Buffer.concat([clientFrame(0x2, hex("03 00 00 00")), clientFrame(0x8, Uint8Array.of(0x03, 0xe8))]),
    );
    await Promise.all([client.ended, end.closed]);
    expect(link.frames.map(({ opcode }) => opcode)).toEqual([0x8]);
    expect(end.closings).toBe(1);
  });

  it("end when a frame was refused: no data comes after the close frame", async () => {
    const host = new KeptHost(1_000);
    host.onReceive = (wire) => void wire.outbox.send(packet(4, "answer"));
    const { link, client, end } = await connected(host);
    link.socket.write(Buffer.concat([clientFrame(0x2, hex("03 00 00 00")), clientFrame(0x2, new Uint8Array(1_001))]));
    expect(await client.ended).toMatchObject({ code: 1009 });
    await end.closed;
    expect(link.frames.at(-1)?.opcode).toBe(0x8);
  });
});

describe("the HTTP side", () => {
  async function ask(port: number, head: string) {
    const socket = await openSocket({ port });
    onTestFinished(() => void socket.destroy());
    const ended = defer();
    socket.on("close", () => ended.resolve());
    socket.write(head);
    const answer = await readHead(socket);
    socket.resume();
    return { socket, head: answer.head, ended: ended.promise };
  }

  it("answers a plain request with 426", async () => {
    const transport = await listening(new KeptHost());
    const { head } = await ask(transport.address?.port as number, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(head).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/);
    expect(head.toLowerCase()).toContain("\r\nupgrade: websocket");
  });

  it("answers an upgrade on another path with 404, and hangs up", async () => {
    const host = new KeptHost();
    const transport = await listening(host, { path: "/game" });
    const { head, ended } = await ask(transport.address?.port as number, upgradeRequest("/other"));
    expect(head).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
    await ended;
    expect(host.accepted.length).toBe(0);
  });

  it("hangs up on a client that was told 404 and does not", async () => {
    const transport = await listening(new KeptHost());
    const socket = await openSocket({ port: transport.address?.port as number });
    socket.allowHalfOpen = true;
    socket.write(upgradeRequest("/other"));
    await readHead(socket);
    socket.resume();
    // It goes on talking: that is answered with a reset, for nobody is there.
    await until(() => {
      socket.write("x");
      return socket.destroyed;
    });
    expect(socket.destroyed).toBe(true);
  });

  it("is not harmed by a client that is cut off while it is told 404", async () => {
    const host = new KeptHost();
    const transport = await listening(host);
    const port = transport.address?.port as number;
    for (let index = 0; index < 20; index++) {
      const socket = await openSocket({ port });
      socket.write(upgradeRequest("/other"));
      await turn();
      socket.resetAndDestroy();
    }
    const { head } = await ask(port, upgradeRequest("/other"));
    expect(head).toMatch(/^HTTP\/1\.1 404 /);
  });

  it("takes its path with any query, and tells it in its address", async () => {
    const host = new KeptHost();
    const transport = await listening(host, { path: "/game" });
    expect(transport.address?.url).toBe(`ws://127.0.0.1:${transport.address?.port}/game`);
    const link = await openWebSocket({ port: transport.address?.port as number }, "/game?token=1");
    const end = await host.accepted.next();
    link.send(hex("03 00 00 00"));
    expect(toHex(await end.bytes(4))).toBe("03000000");
    link.destroy();
  });

  it.each([
    ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 7"],
    ["Sec-WebSocket-Key: ", "Sec-WebSocket-Kay: "],
    ["Upgrade: websocket", "Upgrade: h2c"],
  ])("refuses an upgrade that is none: %s → %s", async (from, to) => {
    const host = new KeptHost();
    const transport = await listening(host);
    const { head } = await ask(transport.address?.port as number, upgradeRequest("/").replace(from, to));
    expect(head).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(host.accepted.length).toBe(0);
  });

  it("refuses a path that does not begin with a slash", () => {
    expect(() => ws({ port: 0, path: "game" })).toThrow(
      expect.objectContaining({ code: "invalid_option", message: "path game does not begin with /" }),
    );
  });

  it("does not agree to compress frames", async () => {
    const transport = await listening(new KeptHost());
    const offer = upgradeRequest("/").replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
    const { head } = await ask(transport.address?.port as number, offer);
    expect(head).toMatch(/^HTTP\/1\.1 101 /);
    expect(head.toLowerCase()).not.toContain("sec-websocket-extensions");
  });

  it("lets go of everybody who has not upgraded when it is closed", async () => {
    const transport = await listening(new KeptHost());
    const port = transport.address?.port as number;
    const silent = await openSocket({ port });
    const halfway = await openSocket({ port });
    halfway.write("GET / HTTP/1.1\r\nHost: a\r\n");
    // A third one that is answered: the others were accepted before.
    await ask(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const gone = [silent, halfway].map((socket) => {
      const { promise, resolve } = defer();
      socket.on("close", () => resolve());
      socket.resume();
      return promise;
    });
    await transport.close();
    await Promise.all(gone);
    expect([silent.destroyed, halfway.destroyed]).toEqual([true, true]);
  });
});

describe("an HTTP server that is shared", () => {
  async function shared() {
    const http = createServer((_request, response) => void response.end("a page"));
    onTestFinished(() => {
      http.closeAllConnections();
      http.close();
    });
    return http;
  }

  async function page(port: number): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
    return response.text();
  }

  it("serves its page beside", async () => {
    const http = await shared();
    const { transport, client, end } = await connected(new KeptHost(), { server: http, path: "/game" });
    expect(await page(transport.address?.port as number)).toBe("a page");
    client.send("03 00 00 00");
    expect(toHex(await end.bytes(4))).toBe("03000000");
  });

  it("that listens already is left as it is when the transport closes", async () => {
    const http = await shared();
    const up = defer();
    http.listen(0, "127.0.0.1", () => up.resolve());
    await up.promise;
    const transport = await listening(new KeptHost(), { server: http, port: 1 });
    const port = transport.address?.port as number;
    expect(http.address()).toMatchObject({ port });
    await transport.close();
    expect(transport.address).toBeUndefined();
    expect(http.listening).toBe(true);
    expect(await page(port)).toBe("a page");
    expect(http.listenerCount("upgrade")).toBe(0);
  });

  it("can be shared by two transports on two paths", async () => {
    const http = await shared();
    const hosts = [new KeptHost(), new KeptHost()] as const;
    const one = await listening(hosts[0], { server: http, path: "/one" });
    await listening(hosts[1], { server: http, path: "/two" });
    const port = one.address?.port as number;
    const links = [await openWebSocket({ port }, "/one"), await openWebSocket({ port }, "/two")] as const;
    links[0].send(hex("01"));
    links[1].send(hex("02"));
    const ends: AcceptedWire[] = [await hosts[0].accepted.next(), await hosts[1].accepted.next()];
    expect(await Promise.all(ends.map(async (end) => toHex(await end.bytes(1))))).toEqual(["01", "02"]);
    links.map((link: WebSocketLink) => link.destroy());
  });

  it("leaves the upgrades of other paths to whom they belong", async () => {
    const http = await shared();
    http.on("upgrade", (request, socket) => {
      if (request.url === "/theirs") {
        socket.end("HTTP/1.1 418 Theirs\r\n\r\n");
      }
    });
    const { transport } = await connected(new KeptHost(), { server: http });
    const port = transport.address?.port as number;
    await expect(openWebSocket({ port }, "/theirs")).rejects.toThrow("HTTP/1.1 418 Theirs");
  });

  it("answers an upgrade that belongs to nobody with 404", async () => {
    const http = await shared();
    const { transport } = await connected(new KeptHost(), { server: http });
    const port = transport.address?.port as number;
    await expect(openWebSocket({ port }, "/nobody")).rejects.toThrow("HTTP/1.1 404 Not Found");
  });
});
