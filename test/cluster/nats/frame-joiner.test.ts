import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseFrameAddress, parsePeer } from "../../../runtime/cluster/nats/frame-address.js";
import { FrameJoiner } from "../../../runtime/cluster/nats/frame-joiner.js";
import { fromToken, toToken } from "../../../runtime/cluster/nats/token.js";

/** A joiner, and what comes out of it: the length of each frame, and what was ignored. */
function joiner(maxFrameBytes = 10_000) {
  const frames: string[] = [];
  const ignored: string[] = [];
  const frameJoiner = new FrameJoiner(maxFrameBytes, {
    received: (from, frame) => void frames.push(`${from} ${frame.length}`),
    ignored: (what) => void ignored.push(what),
  });
  const take = (from: string, what: string, length: number, stay = "s1"): void =>
    frameJoiner.take(`c.from.${from}.${stay}.1.${what}`, new Uint8Array(length));
  return { frameJoiner, frames, ignored, take };
}

describe("a part of a subject", () => {
  it("stands for any text, and for that alone", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "grapheme" }), (text) => {
        const token = toToken(text);
        expect(token).toMatch(/^[\w=-]+$/);
        expect(fromToken(token)).toBe(text);
      }),
    );
  });

  it.each(["", "=", "=zz", "=ff", "=41", "a.b", "a b", "=E4", "a="])("%j stands for none", (token) => {
    expect(fromToken(token)).toBeUndefined();
  });

  it("stays as it is where it can", () => {
    expect(toToken("room-1_B")).toBe("room-1_B");
    expect(toToken("a.b>*")).toBe("a=2eb=3e=2a");
    expect(toToken("ä")).toBe("=c3=a4");
  });
});

describe("a reply subject", () => {
  it("tells from whom a frame comes, and what it is", () => {
    expect(parseFrameAddress("c.from.room-1.5f.a.zz")).toEqual({
      from: "room-1",
      stay: "5f",
      sequence: 1_295,
      index: 0,
      count: 1,
    });
    expect(parseFrameAddress("c.from.b.5f.a.3-1-2")).toMatchObject({ sequence: 3, index: 1, count: 2 });
    expect(parseFrameAddress("_GR_.x.y.c.from.b.5f.a.p")).toMatchObject({ from: "b", sequence: 25 });
    expect(parseFrameAddress("c.from.b.5f.a.?")).toMatchObject({ from: "b", sequence: undefined });
    expect(parsePeer("c.from.b.5f.z.?")).toBe(35);
    expect(parsePeer("c.from.b.5f.?.?")).toBeUndefined();
  });

  it("that is none is told from one, whatever it is", () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[\w=?-]{0,6}$/)), (parts) => {
        const address = parseFrameAddress(parts.join("."));
        const numbers = address === undefined ? [0, 0, 1] : [address.sequence ?? 0, address.index, address.count];
        expect(numbers.every(Number.isSafeInteger)).toBe(true);
        expect(numbers[1]).toBeLessThan(numbers[2] as number);
      }),
    );
  });
});

describe("frames", () => {
  it("come in order, and each once", () => {
    const { frames, take } = joiner();
    for (const [what, length] of [
      ["1", 10],
      ["1", 11],
      ["3", 12],
      ["2", 13],
      ["4", 14],
    ] as const) {
      take("b", what, length);
    }
    expect(frames).toEqual(["b 10", "b 12", "b 14"]);
  });

  it("of a connection that was given up are nothing any more, once there is one from the next", () => {
    const { frames, take } = joiner();
    take("b", "7", 10, "old");
    take("b", "1", 11, "new");
    take("b", "8", 12, "old");
    take("b", "2", 13, "new");
    expect(frames).toEqual(["b 10", "b 11", "b 13"]);
  });

  it("in pieces are joined, and those of several senders kept apart", () => {
    const { frames, frameJoiner, take } = joiner();
    take("b", "1-0-3", 1_000);
    take("c", "1-0-2", 1_000);
    take("b", "2-1-3", 1_000);
    take("c", "2-1-2", 1);
    take("b", "3-2-3", 500);
    expect(frames).toEqual(["c 1001", "b 2500"]);
    expect(frameJoiner.heldBytes).toBe(0);
  });

  it("that miss a piece are lost, and the next is not", () => {
    const { frames, frameJoiner, take } = joiner();
    take("b", "1-0-3", 1_000);
    take("b", "3-2-3", 1_000);
    take("b", "4-1-2", 1_000);
    take("b", "5-0-2", 1_000);
    take("b", "7-1-2", 1_000);
    take("b", "8-0-2", 1_000);
    take("b", "9", 7);
    take("b", "a-1-2", 1_000);
    take("b", "b-0-2", 1_000);
    take("b", "c-1-2", 8);
    expect(frames).toEqual(["b 7", "b 1008"]);
    expect(frameJoiner.heldBytes).toBe(0);
  });

  it("that are too long are not taken, whole or in pieces", () => {
    const { frames, ignored, frameJoiner, take } = joiner(2_000);
    take("b", "1", 2_001);
    take("b", "2-0-9", 1_500);
    take("b", "3-1-9", 501);
    expect(frames).toEqual([]);
    expect(ignored).toHaveLength(2);
    expect(frameJoiner.heldBytes).toBe(0);
  });

  it("in crumbs are not taken: they would be many", () => {
    const { ignored, frameJoiner, take } = joiner();
    take("b", "1-0-zz", 255);
    take("b", "2-0-zz", 0);
    expect(ignored).toHaveLength(2);
    expect(frameJoiner.heldBytes).toBe(0);
  });

  it("of one that is gone are forgotten", () => {
    const { frames, frameJoiner, take } = joiner();
    take("b", "5-0-2", 1_000);
    frameJoiner.forget("b");
    expect(frameJoiner.heldBytes).toBe(0);
    take("b", "1", 3);
    expect(frames).toEqual(["b 3"]);
  });

  it("that strangers begin and never end hold a bounded number of bytes", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            from: fc.integer({ min: 0, max: 40 }),
            stay: fc.constantFrom("x", "y"),
            sequence: fc.integer({ min: 1, max: 30 }),
            index: fc.integer({ min: 0, max: 3 }),
            count: fc.integer({ min: 1, max: 4 }),
            length: fc.constantFrom(0, 1, 256, 900, 1_000, 1_001),
          }),
          { maxLength: 300 },
        ),
        (messages) => {
          const { frames, frameJoiner, take } = joiner(1_000);
          for (const { from, stay, sequence, index, count, length } of messages) {
            const what = [sequence, index, count].map((number) => number.toString(36)).join("-");
            take(`s${from}`, what, length, stay);
            expect(frameJoiner.heldBytes).toBeGreaterThanOrEqual(0);
            expect(frameJoiner.heldBytes).toBeLessThanOrEqual(16_000);
          }
          expect(frames.every((frame) => Number(frame.split(" ")[1]) <= 1_000)).toBe(true);
        },
      ),
    );
  });

  it("of very many strangers hold few of them", () => {
    const { frameJoiner, frames, take } = joiner(1_000_000);
    for (let sender = 0; sender < 10_000; sender++) {
      take(`s${sender}`, "1-0-2", 300);
    }
    expect(frameJoiner.heldBytes).toBeLessThanOrEqual(2_048 * 300);
    take("s1", "1", 5);
    expect(frames).toEqual(["s1 5"]);
  });
});
