// RFC 6455, sections 5 to 8, as strangers speak it: a table of byte streams, fed in all sorts of pieces through real sockets, and random
// ones. What our listener makes of them is what ws alone makes of them, message for message and byte for byte of the answer.

import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { WebSocketReader } from "../../runtime/transport/websocket-reader.js";
import { concat, toHex } from "../protocol/hex.js";
import { type Commands, type Outcome, oracleSide, ourSide, type Reaction, type Side } from "./websocket/sides.js";
import { closing, frame, maxFrameBytes, pattern, pong, type Vector, vectors } from "./websocket/vectors.js";

const sides: readonly [string, boolean][] = [
  ["where we read what is plain", false],
  ["where ws reads all of it", true],
];

/** Feeds the same bytes to a side in several ways, at once. */
async function outcomes(side: Side, ways: readonly (readonly Uint8Array[])[], reset = false): Promise<Outcome[]> {
  const opened = [];
  for (const pieces of ways) {
    opened.push({ connection: await side.open(), pieces });
  }
  return Promise.all(opened.map(({ connection, pieces }) => connection.feed(pieces, reset)));
}

/** What RFC 6455 says. Empty messages are told of, and not handed on: there is nothing in them. */
function expected({ messages, violation, answer = new Uint8Array(0) }: Vector): Omit<Outcome, "idles"> {
  return {
    messages: messages.filter(({ length }) => length > 0).map(toHex),
    violations: violation === undefined ? [] : [violation],
    answer: toHex(answer),
  };
}

describe.each(sides)("RFC 6455, %s", (_where, shared) => {
  it("is read by whom it says", async () => {
    const began = vi.spyOn(WebSocketReader, "on");
    onTestFinished(() => began.mockRestore());
    const connection = await (await ourSide(undefined, shared)).open();
    expect(began.mock.results.map(({ value }) => value instanceof WebSocketReader)).toEqual([!shared]);
    await connection.feed([]);
  });

  it.each(vectors.map((vector) => [vector.name, vector] as const))("%s: whole", async (_name, vector) => {
    const whole = [[vector.bytes]];
    const [ours] = await outcomes(await ourSide(undefined, shared), whole);
    const [oracle] = await outcomes(await oracleSide(), whole);
    expect(oracle).toMatchObject(expected(vector));
    expect(ours).toEqual(oracle);
  });

  it.each(vectors.map((vector) => [vector.name, vector] as const))("%s: in small pieces", async (_name, { bytes }) => {
    const ways = [piecesOf(bytes, bytes.length < 400 ? 1 : Math.ceil(bytes.length / 400))];
    const ours = await outcomes(await ourSide(undefined, shared), ways);
    expect(ours).toEqual(await outcomes(await oracleSide(), ways));
  });

  it("a message in more pieces than are worth keeping", async () => {
    const ways = [piecesOf(concat(frame(0x82, pattern(1_200)), frame(0x82, pattern(3))), 1)];
    const ours = await outcomes(await ourSide(undefined, shared), ways);
    expect(ours).toEqual(await outcomes(await oracleSide(), ways));
    expect(ours).toMatchObject([{ messages: [], violations: ["invalid_frame"], answer: toHex(closing(1008)) }]);
  });

  it("streams of frames, right and wrong, in any pieces", { timeout: 60_000 }, async () => {
    const [ours, oracle] = [await ourSide(undefined, shared), await oracleSide()];
    const property = fc.asyncProperty(streams, pieceLengths, async (bytes, lengths) => {
      const ways = [piecesOfLengths(bytes, lengths, 40)];
      expect(await outcomes(ours, ways)).toEqual(await outcomes(oracle, ways));
    });
    await fc.assert(property, { numRuns: shared ? 50 : 200 });
  });
});

describe("RFC 6455, cut anywhere", () => {
  it.each(vectors.map((vector) => [vector.name, vector] as const))("%s: in two pieces", async (_name, { bytes }) => {
    const ways = offsets(bytes).map((offset) => [bytes.subarray(0, offset), bytes.subarray(offset)]);
    const ours = await outcomes(await ourSide(), ways);
    expect(ours).toEqual(await outcomes(await oracleSide(), ways));
  });
});

describe.each(sides)("a server that acts amid frames, %s", (_where, shared) => {
  async function both(react: Reaction, bytes: Uint8Array): Promise<readonly [Outcome[], Outcome[]]> {
    const ways = [[bytes], ...offsets(bytes).map((offset) => [bytes.subarray(0, offset), bytes.subarray(offset)])];
    return [await outcomes(await ourSide(react, shared), ways), await outcomes(await oracleSide(react), ways)];
  }
  const on = (first: number, act: (commands: Commands) => void): Reaction => {
    return (commands, message) => (message[0] === first ? act(commands) : undefined);
  };

  it("closes: what comes behind is dropped, and the client's closing is heard", async () => {
    const stream = concat(
      ...[1, 2, 3, 4].map((first) => frame(0x82, Uint8Array.of(first, 9))),
      frame(0x89, pattern(3)),
    );
    const bytes = concat(stream, frame(0x88, Uint8Array.of(0x03, 0xe8)), frame(0x82, pattern(2)));
    const [ours, oracle] = await both(
      on(2, ({ close }) => close()),
      bytes,
    );
    expect(ours).toEqual(oracle);
    expect(ours[0]).toMatchObject({
      messages: ["0109", "0209"],
      violations: [],
      answer: toHex(closing(1000, "closed")),
    });
  });

  it("closes, and what comes behind is wrong: that is no matter any more", async () => {
    const bytes = concat(frame(0x82, Uint8Array.of(1)), frame(0x82, Uint8Array.of(2)), frame(0xf2, pattern(4)));
    const [ours, oracle] = await both(
      on(2, ({ close }) => close()),
      bytes,
    );
    expect(ours).toEqual(oracle);
    expect(ours[0]).toMatchObject({ messages: ["01", "02"], violations: [], answer: toHex(closing(1000, "closed")) });
  });

  it("closes upon a message that came in fragments", async () => {
    const bytes = concat(
      frame(0x02, Uint8Array.of(2)),
      frame(0x80, pattern(5)),
      frame(0x82, Uint8Array.of(1)),
      frame(0x88, Uint8Array.of(0x03, 0xe9)),
    );
    const [ours, oracle] = await both(
      on(2, ({ close }) => close()),
      bytes,
    );
    expect(ours).toEqual(oracle);
    expect(ours[0]?.messages).toEqual([toHex(concat(Uint8Array.of(2), pattern(5)))]);
  });

  it("reads no more for a while: nothing is lost, and the order stays", async () => {
    const frames = Array.from({ length: 40 }, (_, index) => [
      frame(0x82, pattern(20, index)),
      frame(0x89, Uint8Array.of(index)),
      frame(0x02, pattern(index, 1)),
      frame(0x80, pattern(2_000, index)),
    ]);
    const bytes = concat(...frames.flat());
    const react: Reaction = ({ pause, resume }) => {
      pause();
      setImmediate(resume);
    };
    const ways = [[bytes], piecesOf(bytes, 997), piecesOf(bytes, 4_001)];
    const ours = await outcomes(await ourSide(react, shared), ways);
    expect(ours).toEqual(await outcomes(await oracleSide(react), ways));
    expect(ours[2]?.messages).toHaveLength(80);
    expect(ours[2]?.answer).toBe(toHex(concat(...frames.map((_, index) => pong(Uint8Array.of(index))))));
  });
});

describe.each(sides)("a client that is gone while nobody reads, %s", (_where, shared) => {
  it("leaves what has arrived: whole messages are handed on", async () => {
    const react: Reaction = ({ pause }) => pause();
    const bytes = concat(frame(0x82, pattern(3)), ...[9, 200, 300, 7].map((length) => frame(0x82, pattern(length))));
    // The first message stops the reading; the others wait in the socket.
    const ways = offsets(bytes)
      .filter((offset) => offset > 9)
      .map((offset) => [bytes.subarray(0, 9), bytes.subarray(9, offset), bytes.subarray(offset)]);
    const ours = await outcomes(await ourSide(react, shared), ways, true);
    expect(ours).toEqual(await outcomes(await oracleSide(react), ways, true));
    expect(ours.map(({ messages }) => messages.length)).toContain(5);
  });
});

/** Where a stream is cut: everywhere, or round what is worth it. */
function offsets({ length }: Uint8Array): number[] {
  const all = Array.from({ length: Math.max(0, length - 1) }, (_, index) => index + 1);
  return length <= 40 ? all : all.filter((offset) => offset <= 16 || length - offset <= 6 || offset % 16_384 === 0);
}

function piecesOf(bytes: Uint8Array, length: number): Uint8Array[] {
  return piecesOfLengths(bytes, [length]);
}

/** Cuts a stream into pieces of these lengths, over and over; into so many at the most, of which the last is the rest. */
function piecesOfLengths(bytes: Uint8Array, lengths: readonly number[], most = bytes.length): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const isLast = pieces.length + 1 === most;
    const end = isLast ? bytes.length : start + (lengths[pieces.length % lengths.length] as number);
    pieces.push(bytes.subarray(start, end));
    start = end;
  }
  return pieces;
}

const masks = fc.oneof(fc.constant(Uint8Array.of(0, 0, 0, 0)), fc.uint8Array({ minLength: 4, maxLength: 4 }));
const payloads = fc.oneof(
  fc.uint8Array({ maxLength: 30 }),
  fc.integer({ min: 100, max: 300 }).map((length) => pattern(length)),
  fc.integer({ min: 60_000, max: maxFrameBytes + 10 }).map((length) => pattern(length)),
);
const dataFrames = (first: number) => fc.tuple(payloads, masks).map(([payload, mask]) => frame(first, payload, mask));
const controlFrames = (first: number) =>
  fc.tuple(fc.uint8Array({ maxLength: 125 }), masks).map(([payload, mask]) => frame(first, payload, mask));
/** Whole messages and pings mostly; now and then what may be wrong where it stands. */
const anyFrames = fc.oneof(
  { weight: 12, arbitrary: dataFrames(0x82) },
  { weight: 3, arbitrary: controlFrames(0x89) },
  { weight: 1, arbitrary: controlFrames(0x8a) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        dataFrames(0x02),
        fc.array(fc.oneof(dataFrames(0x00), controlFrames(0x89)), { maxLength: 3 }),
        dataFrames(0x80),
      )
      .map(([first, amid, last]) => concat(first, ...amid, last)),
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }).chain((first) => dataFrames(first)) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 20 }) },
);
const streams = fc.array(anyFrames, { maxLength: 12 }).map((frames) => concat(...frames));
const pieceLengths = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 200, max: 80_000 })), {
  minLength: 1,
  maxLength: 6,
});
