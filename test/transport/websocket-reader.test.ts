import { createServer as createHttpServer } from "node:http";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { hybrid } from "../../runtime/transport/hybrid.js";
import type { Transport } from "../../runtime/transport/transport.js";
import { WebSocketReader } from "../../runtime/transport/websocket-reader.js";
import { ws } from "../../runtime/transport/ws.js";
import { concat, hex, toHex } from "../protocol/hex.js";
import { makeCertificate, temporaryFolder } from "../support/certificate.js";
import { KeptHost } from "../support/host.js";
import { openLink, openSocket, upgradeRequest } from "../support/link.js";
import { turn, until } from "../support/wait.js";
import { notShared } from "./support/not-shared.js";
import { socketPair } from "./support/socket-pair.js";
import { frame, pattern } from "./websocket/vectors.js";

/** What somebody got, next to each other in the order of the stream. */
interface Part {
  readonly by: "us" | "ws";
  readonly bytes: string;
}

/**
 * A socket that is read, and somebody in ws's place.
 *
 * @param tells whether that one tells a message when it has got the last of it, as ws does
 * @param shared whether it may be read into the array that all share
 */
async function reading({ maxBytes = 100_000, tells = true, shared = true } = {}) {
  const { client, server } = await socketPair();
  if (!shared) {
    notShared(server);
  }
  const log: Part[] = [];
  const payloads: Uint8Array[] = [];
  /** What ws got, chunk by chunk: it keeps some. */
  const chunks: Buffer[] = [];
  let held: Uint8Array = new Uint8Array(0);
  const ws = (chunk: Buffer): void => {
    chunks.push(chunk);
    const last = log.at(-1);
    const before = last?.by === "ws" ? (log.pop()?.bytes ?? "") : "";
    log.push({ by: "ws", bytes: before + toHex(chunk) });
    held = concat(held, chunk);
    if (tells && endsMessage(held)) {
      held = new Uint8Array(0);
      reader.told();
    }
  };
  const receiver = {
    receive(bytes: Uint8Array, start: number, end: number, lent: boolean): void {
      expect(lent).toBe(shared);
      const payload = bytes.subarray(start, end);
      payloads.push(payload);
      log.push(us(payload));
    },
  };
  server.on("data", ws);
  const reader = WebSocketReader.on(server, receiver, maxBytes) as WebSocketReader;
  const send = async (bytes: Uint8Array): Promise<void> => {
    const all = server.bytesRead + bytes.length;
    client.write(bytes);
    await until(() => server.bytesRead === all);
    await turn();
  };
  return { server, reader, log, payloads, chunks, send, ws };
}

/** Whether masked frames of less than 64 KiB end with that of a message that is complete. */
function endsMessage(frames: Uint8Array): boolean {
  let at = 0;
  let isComplete = false;
  while (at + 4 <= frames.length) {
    const [first = 0, second = 0, high = 0, low = 0] = frames.subarray(at);
    at += second === 0xfe ? 8 + high * 256 + low : 6 + (second & 0x7f);
    isComplete = (first & 0x08) === 0 ? first >= 0x80 : isComplete;
  }
  return isComplete && at === frames.length;
}

const us = (payload: Uint8Array): Part => ({ by: "us", bytes: toHex(payload) });
const toWs = (...frames: Uint8Array[]): Part => ({ by: "ws", bytes: toHex(concat(...frames)) });
const [one, two, three] = [pattern(9, 1), pattern(300, 2), pattern(5, 3)];
const ping = frame(0x89, three);
const fragments = [frame(0x02, one), frame(0x00, two), frame(0x80, three)];

describe("a reader of WebSockets", () => {
  it.each([
    ["in the array that all share", true],
    ["in one of their own", false],
  ])("reads plain messages, where they lie, %s, and nobody else sees them", async (_where, shared) => {
    const { log, payloads, send } = await reading({ shared });
    await send(concat(frame(0x82, one), frame(0x82, two), frame(0x82, pattern(0))));
    expect(log).toEqual([us(one), us(two), us(pattern(0))]);
    expect(new Set(payloads.map(({ buffer }) => buffer)).size).toBe(1);
  });

  it("hands everything else to ws, in its place and as it came", async () => {
    const { log, send } = await reading();
    await send(concat(ping, frame(0x82, one), ping, ping, frame(0x82, two), ping));
    expect(log).toEqual([toWs(ping), us(one), toWs(ping, ping), us(two), toWs(ping)]);
  });

  it("hands a message to ws that is cut, and reads the next", async () => {
    const { log, send } = await reading();
    const whole = frame(0x82, two);
    await send(concat(frame(0x82, one), whole.subarray(0, 3)));
    await send(whole.subarray(3, 100));
    await send(concat(whole.subarray(100), frame(0x82, three)));
    expect(log).toEqual([us(one), toWs(whole), us(three)]);
  });

  it("hands copies to ws, which keeps them, of the array that all share: in no larger one", async () => {
    const { chunks, send } = await reading();
    const whole = frame(0x82, two);
    await send(whole.subarray(0, 1));
    await send(whole.subarray(1));
    expect(chunks.map(({ buffer }) => buffer.byteLength)).toEqual([1, whole.length - 1]);
  });

  it("hands fragments to ws, and what comes between them, and reads on when their message was told", async () => {
    const state = await reading();
    const [first, second, last] = fragments as [Uint8Array, Uint8Array, Uint8Array];
    await state.send(concat(frame(0x82, one), first, ping, second, last, frame(0x82, three)));
    expect(state.log).toEqual([us(one), toWs(first, ping, second, last), us(three)]);
  });

  it.each([
    ["never", false],
    ["later", true],
  ])("leaves the socket to ws for good when a message is told %s: nothing is overtaken", async (_when, later) => {
    const { server, reader, log, send, ws } = await reading({ tells: false });
    await send(concat(...fragments));
    if (later) {
      reader.told();
    }
    await send(concat(frame(0x82, three), frame(0x82, one)));
    expect(log).toEqual([toWs(...fragments, frame(0x82, three), frame(0x82, one))]);
    expect(server.listeners("data")).toEqual([ws]);
  });

  it.each([
    ["a closing", frame(0x88, hex("03 e8"))],
    ["a text", frame(0x81, one)],
    ["a message that is not masked", concat(hex("82 03"), pattern(3))],
    ["a ping that is not masked, and would fit if it were", hex("89 00 00 00 00 00")],
    ["a reserved bit", frame(0xc2, one)],
    ["a ping of 126 bytes", frame(0x89, pattern(126))],
    ["a fragment of nothing", frame(0x80, one)],
  ])("leaves the socket to ws for good after %s", async (_what, end) => {
    const { server, log, send, ws } = await reading();
    await send(concat(frame(0x82, one), end, frame(0x82, two)));
    expect(log).toEqual([us(one), toWs(end, frame(0x82, two))]);
    expect(server.listeners("data")).toEqual([ws]);
    await send(frame(0x82, three));
    expect(log).toEqual([us(one), toWs(end, frame(0x82, two), frame(0x82, three))]);
  });

  it("leaves a message to ws that is too long", async () => {
    const { log, send } = await reading({ maxBytes: 299 });
    await send(concat(frame(0x82, pattern(299)), frame(0x82, two)));
    expect(log).toEqual([us(pattern(299)), toWs(frame(0x82, two))]);
  });

  it("stops when ws has refused something: nobody gets what comes", async () => {
    const { server, reader, log, send } = await reading();
    await send(frame(0x02, one));
    reader.stop();
    expect(server.listeners("data")).toEqual([]);
    server.resume();
    await send(frame(0x82, two));
    expect(log).toEqual([toWs(frame(0x02, one))]);
  });

  it("does not begin where somebody besides ws listens", async () => {
    const { server } = await socketPair();
    const listeners = [(): void => {}, (): void => {}] as const;
    server.on("data", listeners[0]).on("data", listeners[1]);
    expect(WebSocketReader.on(server, { receive() {} }, 100)).toBeUndefined();
    expect(server.listeners("data")).toEqual(listeners);
  });

  it("loses no byte and moves none: messages and what ws gets are the stream, however it is cut", async () => {
    const state = await reading();
    const frames = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.integer({ min: 0, max: 400 }).map((length) => [frame(0x82, pattern(length, length))]),
      },
      { weight: 1, arbitrary: fc.constant([ping]) },
      { weight: 1, arbitrary: fc.constant(fragments) },
    );
    const pieces = fc.tuple(fc.array(frames, { minLength: 1, maxLength: 12 }), fc.array(fc.nat(900), { maxLength: 6 }));
    const property = fc.asyncProperty(pieces, async ([parts, cuts]) => {
      const stream = concat(...parts.flat());
      const ends = [...cuts.filter((cut) => cut < stream.length).sort((a, b) => a - b), stream.length];
      state.log.length = 0;
      for (const [index, end] of ends.entries()) {
        await state.send(stream.subarray(ends[index - 1] ?? 0, end));
      }
      const seen = state.log.map(({ by, bytes }) =>
        by === "ws" ? bytes : toHex(frame(0x82, Buffer.from(bytes, "hex"))),
      );
      expect(seen.join("")).toBe(toHex(stream));
    });
    await fc.assert(property, { numRuns: 200 });
  });
});

describe("plain messages are read round ws", () => {
  const loopback = { host: "127.0.0.1", port: 0 };
  const tls = makeCertificate("localhost");

  it.each<[string, () => Transport]>([
    ["ws", () => ws(loopback)],
    ["wss", () => ws({ ...loopback, tls })],
    ["hybrid", () => hybrid(loopback)],
    ["hybrid with TLS", () => hybrid({ ...loopback, tls })],
    ["a Unix socket", () => ws({ socketPath: join(temporaryFolder(), "game.sock") })],
    ["an HTTP server that is shared", () => ws({ ...loopback, server: createHttpServer() })],
  ])("on %s", async (_title, create) => {
    const began = vi.spyOn(WebSocketReader, "on");
    onTestFinished(() => began.mockRestore());
    const transport = create();
    const host = new KeptHost();
    await transport.listen(host);
    onTestFinished(() => transport.close());
    const link = await openLink(transport);
    onTestFinished(() => link.destroy());
    link.send(hex("03 00 00 00"));
    expect(toHex(await (await host.accepted.next()).bytes(4))).toBe("03000000");
    expect(began.mock.results.map(({ value }) => value instanceof WebSocketReader)).toEqual([true]);
  });

  it("behind a proxy, and right behind the request", async () => {
    const began = vi.spyOn(WebSocketReader, "on");
    onTestFinished(() => began.mockRestore());
    const transport = ws(loopback);
    const host = new KeptHost().trust({ trusted: ["127.0.0.1"], ws: "proxy-protocol" });
    await transport.listen(host);
    onTestFinished(() => transport.close());
    const socket = await openSocket({ port: transport.address?.port as number });
    onTestFinished(() => void socket.destroy());
    const preface = "PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\n";
    socket.write(concat(Buffer.from(preface + upgradeRequest("/")), frame(0x82, hex("03 00 00 00"))));
    const end = await host.accepted.next();
    expect(toHex(await end.bytes(4))).toBe("03000000");
    expect(end.wire.remoteAddress).toBe("192.0.2.1");
    expect(began.mock.results.map(({ value }) => value instanceof WebSocketReader)).toEqual([true]);
  });
});
