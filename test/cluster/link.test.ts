import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { epochAfter, type LinkSettings, sweepsPerHeartbeat } from "../../runtime/cluster/link.js";
import { LinkFlag, linkFlagsOf, linkHeaderBytes, writeLinkHeader } from "../../runtime/cluster/link-frame.js";
import { SteppedClock } from "../support/clock.js";
import { LinkEnd, writeRecord } from "./support/link-end.js";

const gone = new NanowireError("unavailable", "the node is gone");
const silence = sweepsPerHeartbeat * 5;

function pair(settings: Partial<LinkSettings> = {}) {
  const clock = new SteppedClock();
  const a = new LinkEnd("a", "b", clock, settings);
  const b = new LinkEnd("b", "a", clock, settings);
  return { a, b, clock };
}

/** Two ends that know each other, and have taken a record each. */
function boundPair(settings: Partial<LinkSettings> = {}) {
  const ends = pair(settings);
  ends.a.write("hello");
  ends.b.write("hello");
  settle(ends.a, ends.b);
  // All is acknowledged, and was so before the last sweep.
  goOn(ends.a, ends.b, 2);
  ends.a.told.length = 0;
  ends.b.told.length = 0;
  return ends;
}

function arrive(frames: readonly Uint8Array[], at: LinkEnd): void {
  for (const frame of frames) {
    at.link.received(frame);
  }
}

/** Ends the turn, and takes what it sent. */
function sentBy(end: LinkEnd): Uint8Array[] {
  end.endTurn();
  return end.takeOut();
}

/** Ends turns and carries frames until nothing moves any more; returns how many went each way. */
function settle(a: LinkEnd, b: LinkEnd): { fromA: number; fromB: number } {
  const counts = { fromA: 0, fromB: 0 };
  for (;;) {
    const fromA = sentBy(a);
    const fromB = sentBy(b);
    if (fromA.length + fromB.length === 0) {
      return counts;
    }
    counts.fromA += fromA.length;
    counts.fromB += fromB.length;
    arrive(fromA, b);
    arrive(fromB, a);
  }
}

function sweep(...ends: readonly LinkEnd[]): void {
  for (const end of ends) {
    end.link.sweep();
  }
}

/** Sweeps both, so often, and carries what they say. Returns how many frames went each way. */
function goOn(a: LinkEnd, b: LinkEnd, sweeps: number): { fromA: number; fromB: number } {
  const counts = { fromA: 0, fromB: 0 };
  for (let count = 0; count < sweeps; count++) {
    sweep(a, b);
    const { fromA, fromB } = settle(a, b);
    counts.fromA += fromA;
    counts.fromB += fromB;
  }
  return counts;
}

function isIdle(frame: Uint8Array): boolean {
  return (linkFlagsOf(frame) & LinkFlag.idle) !== 0;
}

describe("a link", () => {
  it("says hello first, and then takes what was written meanwhile", () => {
    const { a, b } = pair();
    a.write("one", "two");
    expect(a.out).toEqual([]);
    a.endTurn();
    a.write("three");
    a.endTurn();
    expect(a.out.map(isIdle)).toEqual([true]);
    expect(settle(a, b)).toEqual({ fromA: 2, fromB: 1 });
    expect(b.told).toEqual(["one", "two", "three"]);
  });

  it("sends one frame a turn from then on, each way", () => {
    const { a, b } = boundPair();
    a.write("one", "two");
    b.write("three");
    expect(settle(a, b)).toEqual({ fromA: 1, fromB: 1 });
    expect([a.told, b.told]).toEqual([["three"], ["one", "two"]]);
  });

  it("needs no more frames when both begin at once", () => {
    const { a, b } = pair();
    a.write("one");
    b.write("two");
    expect(settle(a, b)).toEqual({ fromA: 2, fromB: 2 });
    expect([a.told, b.told]).toEqual([["two"], ["one"]]);
  });

  it("forgets what was begun and is no record at the end of the turn", () => {
    const { a, b } = boundPair();
    a.write("one");
    a.link.buffer.append(new Uint8Array(40));
    settle(a, b);
    a.write("two");
    settle(a, b);
    expect(b.told).toEqual(["one", "two"]);
  });

  it("hands out bytes that nobody writes to any more", () => {
    const { a, b } = boundPair();
    a.write("one");
    const [frame = new Uint8Array(0)] = sentBy(a);
    const asSent = [...frame];
    b.link.received(frame);
    a.write("two", "three");
    settle(a, b);
    goOn(a, b, 12);
    expect([...frame]).toEqual(asSent);
  });
});

describe("the size of frames", () => {
  it("is bounded: records that do not fit go in the next, and none is cut", () => {
    const { a, b } = boundPair({ maxFrameBytes: 128 });
    const records = Array.from({ length: 50 }, (_, number) => `${number}`.repeat((number % 12) + 1));
    a.write(...records);
    const frames = sentBy(a);
    expect(frames.length).toBeGreaterThan(5);
    expect(Math.max(...frames.map(({ length }) => length))).toBeLessThanOrEqual(128);
    expect(frames.map(linkFlagsOf)).toEqual(frames.map(() => 0));
    arrive(frames, b);
    expect(b.told).toEqual(records);
  });

  it.each([97, 98, 99, 100, 101, 196, 198, 1_000])(
    "is bounded for a record of %i bytes among others, too",
    (length) => {
      const { a, b } = boundPair({ maxFrameBytes: 128 });
      const records = ["one", "x".repeat(length), "two", "y".repeat(length), "z".repeat(length), "three"];
      a.write(...records);
      const frames = sentBy(a);
      expect(Math.max(...frames.map((frame) => frame.length))).toBeLessThanOrEqual(128);
      arrive(frames, b);
      expect(b.told).toEqual(records);
    },
  );

  it("is kept to before the other end is known, too", () => {
    const { a, b } = pair({ maxFrameBytes: 128 });
    const records = ["one", "x".repeat(300), "two"];
    a.write(...records);
    a.endTurn();
    a.write("three");
    settle(a, b);
    expect(b.told).toEqual([...records, "three"]);
  });

  it("does not allow a record that is longer than half of what may be unacknowledged; the others go on", () => {
    const { a, b } = boundPair({ maxUnackedBytes: 2_000 });
    expect(a.link.maxRecordBytes).toBe(1_000);
    a.write("one");
    expect(() => a.write("x".repeat(997))).toThrow(
      expect.objectContaining({
        code: "message_too_large",
        message: "record of 1001 bytes for node b is longer than 1000",
      }),
    );
    a.write("two");
    settle(a, b);
    expect(b.told).toEqual(["one", "two"]);
    a.write("y".repeat(996));
    settle(a, b);
    expect(b.told.at(-1)).toBe("y".repeat(996));
  });

  it("does not make a receiver keep pieces without end", () => {
    const { a, b } = boundPair();
    const piece = new Uint8Array(1_048_576 + linkHeaderBytes);
    for (let number = 2; number <= 66 && b.breaks.length === 0; number++) {
      writeLinkHeader(piece, LinkFlag.piece, a.link.epoch, b.link.epoch, number, 1);
      b.link.received(piece);
    }
    expect(b.told).toEqual(["broken: node a sent a record that is longer than 67108864 bytes"]);
  });
});

describe("a frame that is lost", () => {
  it("is asked for as soon as the next one comes, and sent again with those behind it, in order", () => {
    const { a, b } = boundPair();
    for (const record of ["one", "two", "three", "four"]) {
      a.write(record);
      a.endTurn();
    }
    arrive(a.takeOut().slice(1), b);
    expect(b.told).toEqual([]);
    const asked = sentBy(b);
    expect(asked.map(linkFlagsOf)).toEqual([LinkFlag.idle | LinkFlag.resend]);
    arrive(asked, a);
    const again = sentBy(a);
    expect(again).toHaveLength(4);
    arrive(again, b);
    expect(b.told).toEqual(["one", "two", "three", "four"]);
  });

  it("is not sent again more than once until the next sweep, however often it is asked for", () => {
    const { a, b } = boundPair();
    a.write("one");
    sentBy(a);
    a.write("two");
    arrive(sentBy(a), b);
    const asked = sentBy(b);
    arrive(asked, a);
    expect(sentBy(a)).toHaveLength(2);
    arrive(asked, a);
    expect(sentBy(a)).toHaveLength(0);
    sweep(a);
    arrive(asked, a);
    expect(sentBy(a)).toHaveLength(2);
  });

  it("is taken once when it comes twice, and acknowledged once more", () => {
    const { a, b } = boundPair();
    a.write("one");
    const frames = sentBy(a);
    arrive([...frames, ...frames, ...frames], b);
    expect(b.told).toEqual(["one"]);
    arrive(sentBy(b), a);
    expect(a.link.unacknowledgedBytes).toBe(0);
  });

  it("is found at the next heartbeat when nothing comes behind it", () => {
    const { a, b } = boundPair();
    a.write("one");
    sentBy(a);
    const before = goOn(a, b, sweepsPerHeartbeat - 1);
    expect([before, b.told]).toEqual([{ fromA: 0, fromB: 0 }, []]);
    goOn(a, b, 1);
    expect(b.told).toEqual(["one"]);
    goOn(a, b, 1);
    expect(a.link.unacknowledgedBytes).toBe(0);
  });
});

describe("a frame that is lost while the other end goes on talking", () => {
  it("is found all the same", () => {
    const { a, b } = boundPair();
    a.write("one");
    sentBy(a);
    for (let count = 0; count <= sweepsPerHeartbeat; count++) {
      b.write("here");
      goOn(a, b, 1);
    }
    expect([a.breaks, b.told]).toEqual([[], ["one"]]);
  });
});

describe("what came", () => {
  it("is acknowledged at the next sweep when nothing is said that way", () => {
    const { a, b } = boundPair();
    a.write("one");
    expect(settle(a, b)).toEqual({ fromA: 1, fromB: 0 });
    expect(a.link.unacknowledgedBytes).toBeGreaterThan(0);
    expect(goOn(a, b, 1)).toEqual({ fromA: 0, fromB: 1 });
    expect(a.link.unacknowledgedBytes).toBe(0);
    expect(goOn(a, b, 1)).toEqual({ fromA: 0, fromB: 0 });
  });

  it("is acknowledged at once after 16 frames", () => {
    const { a, b } = boundPair();
    const counts = Array.from({ length: 48 }, (_, number) => {
      a.write(`${number}`);
      return settle(a, b);
    });
    expect(counts.map(({ fromB }) => fromB)).toEqual(counts.map((_, number) => (number % 16 === 15 ? 1 : 0)));
    expect(counts.every(({ fromA }) => fromA === 1)).toBe(true);
  });

  it("is acknowledged at once after 64 KiB", () => {
    const { a, b } = boundPair({ maxFrameBytes: 65_536 });
    a.write("x".repeat(40_000));
    expect(settle(a, b)).toEqual({ fromA: 1, fromB: 0 });
    a.write("x".repeat(40_000));
    expect(settle(a, b)).toEqual({ fromA: 1, fromB: 1 });
    expect(a.link.unacknowledgedBytes).toBe(0);
  });

  it("is acknowledged by what is said anyway", () => {
    const { a, b } = boundPair();
    a.write("one");
    arrive(sentBy(a), b);
    b.write("two");
    settle(a, b);
    expect([a.link.unacknowledgedBytes, a.told]).toEqual([0, ["two"]]);
  });
});

describe("a link on which nothing is said", () => {
  it("costs a frame each way a heartbeat, or two where both ask at once", () => {
    const { a, b } = boundPair();
    expect(goOn(a, b, sweepsPerHeartbeat * 10 + 10)).toEqual({ fromA: 20, fromB: 20 });
    b.link.rest();
    const { fromA, fromB } = goOn(a, b, sweepsPerHeartbeat * 10 + 10);
    expect([fromA, fromB, a.told, b.told]).toEqual([10, 10, [], []]);
  });

  it("costs nothing at rest, and each end still answers the other", () => {
    const { a, b } = boundPair();
    a.link.rest();
    b.link.rest();
    expect(goOn(a, b, 100)).toEqual({ fromA: 0, fromB: 0 });
    a.write("one");
    settle(a, b);
    b.link.rest();
    goOn(a, b, 100);
    expect([a.told, b.told]).toEqual([[], ["one"]]);
  });

  it("breaks at both ends after 5 seconds without a word, with what was not acknowledged", () => {
    const { a, b } = boundPair();
    a.write("one");
    for (let count = 1; count <= silence; count++) {
      expect([a.breaks, b.breaks]).toEqual([[], []]);
      sweep(a, b);
      sentBy(a);
      sentBy(b);
    }
    expect(a.told).toEqual(["broken: no word from node b for 5000 ms"]);
    expect(b.told).toEqual(["broken: no word from node a for 5000 ms"]);
    expect([a.link.unacknowledgedBytes, a.link.isFresh]).toEqual([0, true]);
    a.write("two");
    settle(a, b);
    expect(b.told.slice(1)).toEqual(["two"]);
  });

  it("breaks where nobody ever answered", () => {
    const { a } = pair();
    a.write("one");
    for (let count = 0; count < silence; count++) {
      sentBy(a);
      sweep(a);
    }
    expect(a.told).toEqual(["broken: no word from node b for 5000 ms"]);
  });

  it("does not break because the process stood still: calls of sweep are counted, not the time", () => {
    const { a, b, clock } = boundPair();
    a.write("one");
    clock.stall(60_000);
    sweep(a, b);
    settle(a, b);
    expect([a.breaks, b.told]).toEqual([[], ["one"]]);
  });
});

describe("a node that hears and takes nothing", () => {
  it("is taken to be gone after 5 seconds", () => {
    const { a, b } = boundPair();
    a.write("one");
    for (let count = 0; count < silence; count++) {
      sweep(a, b);
      b.write("here");
      arrive(sentBy(b), a);
      sentBy(a);
    }
    expect(a.breaks).toEqual(["broken: node b has taken nothing for 5000 ms"]);
  });

  it("is taken to be gone when more is unacknowledged than maxUnackedBytes", () => {
    const { a, b } = boundPair({ maxUnackedBytes: 4_000 });
    for (let count = 0; count < 4; count++) {
      a.write("x".repeat(996 - linkHeaderBytes));
      sentBy(a);
    }
    expect(a.told).toEqual([]);
    expect(a.link.unacknowledgedBytes).toBe(4_000);
    a.write("one");
    a.endTurn();
    expect(a.told).toEqual(["broken: 4007 bytes for node b are not acknowledged, more than maxUnackedBytes 4000"]);
    settle(a, b);
    expect(b.told).toEqual(["broken: node a began anew"]);
  });

  it("is so, too, when it was never there", () => {
    const { a } = pair({ maxUnackedBytes: 4_000 });
    for (let count = 0; count < 5; count++) {
      a.write("x".repeat(996));
      a.endTurn();
    }
    expect(a.breaks).toHaveLength(1);
  });

  it("is so after few small frames: each counts for the memory that it takes", () => {
    const { a } = boundPair({ maxUnackedBytes: 4_000 });
    for (let count = 0; count < 17; count++) {
      a.write("x");
      a.endTurn();
    }
    expect(a.breaks).toHaveLength(1);
  });
});

describe("a break", () => {
  it("is told at the other end at once, and before anything that is newer", () => {
    const { a, b } = boundPair();
    a.write("lost");
    a.link.break(gone);
    a.write("new");
    b.write("old");
    settle(a, b);
    expect(a.told).toEqual(["broken: the node is gone"]);
    expect(b.told).toEqual(["broken: node a began anew", "new"]);
  });

  it("is found out by the next word of the other end when it was not heard of", () => {
    const { a, b } = boundPair();
    a.link.break(gone);
    sentBy(a);
    b.write("old");
    settle(a, b);
    expect(a.told).toEqual(["broken: the node is gone"]);
    expect(b.told).toEqual(["broken: node a began anew"]);
  });

  it("is told of a process that was started anew", () => {
    const { a, b, clock } = boundPair();
    clock.step(1);
    b.restart();
    b.write("new");
    a.write("old");
    settle(a, b);
    expect(a.told).toEqual(["broken: node b began anew", "new"]);
    expect(b.told).toEqual([]);
  });

  it("is told of a process that was started anew with a clock that was set back", () => {
    const { a, b, clock } = boundPair();
    b.restart(clock.now() - 86_400_000);
    b.write("new");
    settle(a, b);
    goOn(a, b, sweepsPerHeartbeat);
    a.write("answer");
    settle(a, b);
    expect(a.told[0]).toBe("broken: node b began anew");
    expect(b.told.at(-1)).toBe("answer");
  });

  it("is not told where nothing was written and nothing came", () => {
    const { a, b } = pair();
    expect(a.link.isFresh).toBe(true);
    a.link.break(gone);
    b.write("one");
    settle(a, b);
    expect([a.told, b.told]).toEqual([["one"], []]);
  });

  it("may be made by the receiver while it takes records, or when it is told of another", () => {
    const { a, b } = boundPair();
    b.onTold = () => {
      b.onTold = () => {};
      b.link.break(gone);
      b.write("from the new life");
    };
    a.write("one");
    settle(a, b);
    expect(b.told).toEqual(["one", "broken: the node is gone"]);
    expect(a.told).toEqual(["broken: node b began anew", "from the new life"]);
  });

  it("begins a life with a greater number, also when the clock was set back", () => {
    const { a, clock } = boundPair();
    const before = a.link.epoch;
    clock.set(-86_400_000);
    a.link.break(gone);
    expect(a.link.epoch).toBe(before + 1);
    expect(epochAfter(5, clock)).toBe(clock.now());
  });
});

describe("a link that is closed", () => {
  it("sends and tells nothing more, keeps nothing, and takes what is written without a word", () => {
    const { a, b } = boundPair();
    a.write("one");
    a.link.close();
    a.write("two");
    writeRecord(a.link, "three");
    b.write("four");
    arrive(sentBy(b), a);
    a.link.break(gone);
    sweep(a);
    expect(sentBy(a)).toEqual([]);
    expect([a.told, a.link.unacknowledgedBytes]).toEqual([[], 0]);
  });

  it("may be closed by its receiver", () => {
    const { a, b } = boundPair();
    b.onTold = () => b.link.close();
    a.write("one");
    settle(a, b);
    expect([b.told, sentBy(b)]).toEqual([["one"], []]);
  });
});

describe("bytes that are no frame of a link", () => {
  it("are dropped, whatever they are, and the link goes on", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { minLength: 1, maxLength: 20 }), (strangers) => {
        const { a, b } = boundPair();
        a.write("one");
        for (const stranger of strangers) {
          b.link.received(stranger);
          a.link.received(Uint8Array.of(1, 0, ...stranger));
        }
        settle(a, b);
        expect([a.told, b.told]).toEqual([[], ["one"]]);
      }),
    );
  });

  it("do no harm either where they are for this very life: a fault of the other node", () => {
    const number = fc.nat(6);
    const header = fc.record({ flags: fc.nat(31), sequence: number, acknowledged: number, length: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(header, { minLength: 1, maxLength: 30 }), (headers) => {
        const { a, b } = boundPair();
        b.records = () => {};
        b.write("one", "two");
        b.endTurn();
        for (const { flags, sequence, acknowledged, length } of headers) {
          const frame = new Uint8Array(linkHeaderBytes + length);
          writeLinkHeader(frame, flags, a.link.epoch, b.link.epoch, sequence, acknowledged);
          b.link.received(frame);
          // One answer a turn, and what is sent again.
          expect(sentBy(b).length).toBeLessThanOrEqual(3);
        }
        expect(b.breaks).toEqual([]);
        expect(b.link.unacknowledgedBytes).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("are told of once", () => {
    const { a } = boundPair();
    a.link.received(new TextEncoder().encode("GET / HTTP/1.1"));
    a.link.received(new Uint8Array(0));
    expect(a.logger.lines).toEqual([
      {
        level: "warn",
        message: "a frame that cannot be read came from a node: it is dropped, as all that follow",
        fields: { node: "b", bytes: 14, firstByte: 71 },
      },
    ]);
  });

  it("are dropped when they acknowledge what was never sent", () => {
    const { a, b } = boundPair();
    const frame = new Uint8Array(linkHeaderBytes + 1);
    writeLinkHeader(frame, 0, b.link.epoch, a.link.epoch, 2, 2);
    a.link.received(frame);
    b.write("one");
    settle(a, b);
    expect([a.told, a.logger.at("warn").length]).toEqual([["one"], 1]);
  });
});
