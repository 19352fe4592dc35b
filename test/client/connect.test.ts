import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { clientVersion } from "../../runtime/client/connect-options.js";
import { type ConnectOptions, connect } from "../../runtime/client/index.js";
import type { ClientSocket, Dial } from "../../runtime/transport/client-socket.js";
import { FakeClock } from "./support/fake-clock.js";
import { FakeServer, rejection, settled } from "./support/fake-server.js";

/** A handshake with the user data `""`. */
const emptyUserBytes =
  `{"sys":{"type":"nanowire","version":"${clientVersion}","serializer":"protobuf","capabilities":["ping"]},"user":""}`
    .length;

describe("options", () => {
  const circle: Record<string, unknown> = {};
  circle["circle"] = circle;

  const wrong: readonly [ConnectOptions, string][] = [
    [{ dictVersion: "" }, "dictVersion  is not a text of 1 to 256 characters"],
    [{ dictVersion: "x".repeat(257) }, `dictVersion ${"x".repeat(257)} is not a text of 1 to 256 characters`],
    [{ requestTimeoutMs: -1 }, "requestTimeoutMs -1 is not a number from 0 to 2147483647"],
    [{ requestTimeoutMs: Number.NaN }, "requestTimeoutMs NaN is not a number from 0 to 2147483647"],
    [{ connectTimeoutMs: 2 ** 31 }, "connectTimeoutMs 2147483648 is not a number from 0 to 2147483647"],
    [{ maxPacketBytes: 255 }, "maxPacketBytes 255 is not an integer from 256 to 16777215"],
    [{ maxPacketBytes: 16_777_216 }, "maxPacketBytes 16777216 is not an integer from 256 to 16777215"],
    [{ maxPacketBytes: 1000.5 }, "maxPacketBytes 1000.5 is not an integer from 256 to 16777215"],
    [{ user: circle }, "user cannot be sent: TypeError: Converting circular structure to JSON"],
    [{ user: 1n }, "user cannot be sent: TypeError: Do not know how to serialize a BigInt"],
    [
      { user: "x".repeat(16_777_215) },
      `user cannot be sent: NanowireError: a packet body of ${16_777_215 + emptyUserBytes} bytes is larger than 16777215`,
    ],
  ];

  it.each(wrong)("refuses $0", async (options, message) => {
    const server = new FakeServer();
    const error = await rejection(connect(server.dial, options));
    expect(error).toMatchObject({ code: "invalid_option", scope: "startup" });
    // What is wrong with a circle, the engine tells in several lines.
    expect(error.message.split("\n")[0]).toBe(message);
    expect(server.sent).toEqual([]);
  });

  const right: readonly ConnectOptions[] = [
    { dictVersion: "x".repeat(256) },
    { requestTimeoutMs: 0, connectTimeoutMs: 2_147_483_647 },
    { requestTimeoutMs: 0.5 },
    { maxPacketBytes: 256 },
    { maxPacketBytes: 16_777_215 },
    { user: null },
    {},
  ];

  it.each(right)("takes %o", async (options) => {
    const server = new FakeServer();
    expect((await server.connected({}, options)).state).toBe("open");
  });
});

describe("a dialler", () => {
  it("that fails is told as it says, or as connect_failed", async () => {
    const own = new NanowireError("connect_failed", "no route to host");
    const other = new Error("boom");
    expect(await rejection(connect(() => Promise.reject(own)))).toBe(own);
    expect(await rejection(connect(() => Promise.reject(other)))).toMatchObject({
      code: "connect_failed",
      message: "the connection could not be made",
      cause: other,
    });
    const throwing: Dial = () => {
      throw other;
    };
    expect(await rejection(connect(throwing))).toMatchObject({ code: "connect_failed", cause: other });
  });

  it("that takes too long is told to give up, and its socket is closed when it comes late", async () => {
    const clock = new FakeClock();
    const late = new LateDial();
    const connecting = connect(late.dial, { clock, connectTimeoutMs: 100 });
    clock.step(100);
    const error = await rejection(connecting);
    expect(error).toMatchObject({ code: "connect_failed", message: "the connection was not made within 100 ms" });
    expect(late.signal?.aborted).toBe(true);
    expect(late.signal?.reason).toBe(error);
    late.arrive();
    await settled();
    expect(late.calls).toEqual(["close"]);
    expect(clock.timers).toBe(0);
  });

  it("is given up by the caller's signal", async () => {
    const clock = new FakeClock();
    const late = new LateDial();
    const controller = new AbortController();
    const connecting = connect(late.dial, { clock, signal: controller.signal });
    await settled();
    controller.abort("changed my mind");
    expect(await rejection(connecting)).toMatchObject({ code: "canceled", cause: "changed my mind" });
    expect(late.signal?.aborted).toBe(true);
    expect(clock.timers).toBe(0);
  });

  it("is not called when the signal was aborted before", async () => {
    const server = new FakeServer();
    const late = new LateDial();
    expect((await rejection(connect(late.dial, { signal: AbortSignal.abort() }))).code).toBe("canceled");
    expect(late.signal).toBeUndefined();
    expect(server.clock.timers).toBe(0);
  });

  it("whose socket is closed at once fails the connecting", async () => {
    const dial: Dial = () =>
      Promise.resolve({ start: (receiver) => receiver.closed(undefined), send: () => {}, close: () => {} });
    expect((await rejection(connect(dial))).code).toBe("connection_lost");
  });

  it("whose socket throws fails the connecting", async () => {
    const broken: ClientSocket = {
      start: () => {},
      send: () => {
        throw new Error("EPIPE");
      },
      close: () => {
        throw new Error("EBADF");
      },
    };
    expect(await rejection(connect(() => Promise.resolve(broken)))).toMatchObject({ code: "connection_lost" });
  });
});

/** A dialler that pays no attention to its signal, and ends when a test says so. */
class LateDial {
  signal: AbortSignal | undefined;
  readonly calls: string[] = [];
  #resolve: (socket: ClientSocket) => void = () => {};

  readonly dial: Dial = (signal) => {
    this.signal = signal;
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  };

  arrive(): void {
    this.#resolve({
      start: () => this.calls.push("start"),
      send: () => this.calls.push("send"),
      close: () => this.calls.push("close"),
    });
  }
}
