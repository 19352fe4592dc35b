import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Turn } from "../../runtime/base/turn.js";
import { Outbox, type OutboxWriter, WriteOutcome } from "../../runtime/transport/outbox.js";
import { frameHeadroom, frameInPlace } from "../../runtime/transport/websocket-frame.js";
import { concat, hex, toHex } from "../protocol/hex.js";

interface HandWriter extends OutboxWriter {
  /** What becomes of every write. */
  outcome: WriteOutcome;
  queuedBytes: number;
  /** The arrays that were handed over, as they are. */
  kept: Uint8Array[];
}

/** An outbox with a turn that is ended by hand and a writer that does as it is told. */
function handDriven({ maxBytes = 1_000, headroom = 0 } = {}) {
  const ends: (() => void)[] = [];
  const turn = new Turn((task) => void ends.push(task));
  const writes: string[] = [];
  const overflows: [number, number][] = [];
  const writer: HandWriter = {
    outcome: WriteOutcome.taken,
    queuedBytes: 0,
    kept: [],
    write(buffer) {
      writes.push(toHex(buffer.view()));
      writer.kept.push(buffer.view());
      writer.queuedBytes += writer.outcome === WriteOutcome.taken ? 0 : buffer.length;
      return writer.outcome;
    },
    overflowed: (waiting: number, most: number) => void overflows.push([waiting, most]),
  };
  const outbox = new Outbox(writer, turn, maxBytes, headroom);
  return { outbox, writer, writes, overflows, ends, endTurn: () => ends.shift()?.() };
}

describe("an outbox whose writes are taken at once", () => {
  it("writes once a turn, in order", () => {
    const { outbox, writes, ends, endTurn } = handDriven();
    expect(outbox.send(hex("01"))).toBe(true);
    expect(outbox.send(hex("02 03"))).toBe(true);
    expect([writes, outbox.waitingBytes, ends.length]).toEqual([[], 3, 1]);
    endTurn();
    expect([writes, outbox.waitingBytes]).toEqual([["010203"], 0]);
    outbox.send(hex("04"));
    endTurn();
    expect(writes).toEqual(["010203", "04"]);
  });

  it("takes what is encoded into its buffer", () => {
    const { outbox, writes, endTurn } = handDriven();
    const start = outbox.buffer.reserve(2);
    outbox.buffer.bytes[start] = 0xaa;
    outbox.buffer.bytes[start + 1] = 0xbb;
    outbox.commit();
    endTurn();
    expect(writes).toEqual(["aabb"]);
  });

  it("uses one array again and again, and lets go of one that grew large", () => {
    const { outbox, endTurn } = handDriven({ maxBytes: 100_000 });
    outbox.send(new Uint8Array(100));
    const first = outbox.buffer.bytes;
    endTurn();
    outbox.send(new Uint8Array(100));
    expect(outbox.buffer.bytes).toBe(first);
    outbox.send(new Uint8Array(50_000));
    endTurn();
    expect(outbox.buffer.bytes).toHaveLength(0);
  });
});

describe("an outbox whose writes are held", () => {
  it("goes on writing, and never into an array that waits", () => {
    const { outbox, writer, writes, endTurn } = handDriven();
    writer.outcome = WriteOutcome.held;
    outbox.send(hex("01 02"));
    endTurn();
    expect(outbox.waitingBytes).toBe(2);
    outbox.send(hex("ff ff"));
    endTurn();
    expect(writes).toEqual(["0102", "ffff"]);
    expect(writer.kept.map(toHex)).toEqual(["0102", "ffff"]);
    expect(outbox.waitingBytes).toBe(4);
    writer.queuedBytes = 0;
    expect(outbox.waitingBytes).toBe(0);
  });
});

describe("an outbox whose writes are blocked", () => {
  it("gathers until the other side has taken them, then writes all in one", () => {
    const { outbox, writer, writes, ends, endTurn } = handDriven();
    writer.outcome = WriteOutcome.blocked;
    outbox.send(hex("01"));
    endTurn();
    outbox.send(hex("02"));
    outbox.send(hex("03"));
    expect([writes, ends.length, outbox.waitingBytes]).toEqual([["01"], 0, 3]);
    writer.outcome = WriteOutcome.taken;
    writer.queuedBytes = 0;
    outbox.drained();
    expect([writes, outbox.waitingBytes]).toEqual([["01", "0203"], 0]);
    outbox.send(hex("04"));
    endTurn();
    expect(writes).toEqual(["01", "0203", "04"]);
  });

  it("writes nothing at the end of a turn that began before it was blocked", () => {
    const { outbox, writer, writes, endTurn } = handDriven();
    writer.outcome = WriteOutcome.blocked;
    outbox.send(hex("01"));
    endTurn();
    writer.queuedBytes = 0;
    outbox.send(hex("02"));
    outbox.drained();
    outbox.send(hex("03"));
    endTurn();
    expect(writes).toEqual(["01", "02"]);
  });

  it("can be blocked again by what had gathered", () => {
    const { outbox, writer, writes } = handDriven();
    writer.outcome = WriteOutcome.blocked;
    outbox.send(hex("01"));
    outbox.endOfTurn();
    outbox.send(hex("02"));
    writer.queuedBytes = 0;
    outbox.drained();
    outbox.send(hex("03"));
    expect([writes, outbox.waitingBytes]).toEqual([["01", "02"], 2]);
    writer.queuedBytes = 0;
    outbox.drained();
    expect(writes).toEqual(["01", "02", "03"]);
  });
});

describe("an outbox's limit", () => {
  it("counts what waits here and behind the last write", () => {
    const { outbox, writer, overflows, endTurn } = handDriven({ maxBytes: 10 });
    writer.outcome = WriteOutcome.blocked;
    outbox.send(new Uint8Array(6));
    endTurn();
    expect(outbox.send(new Uint8Array(4))).toBe(true);
    expect(overflows).toEqual([]);
    expect(outbox.send(new Uint8Array(1))).toBe(false);
    expect(overflows).toEqual([[11, 10]]);
  });

  it("tells once, drops what waits and takes nothing more", () => {
    const { outbox, writes, overflows, endTurn } = handDriven({ maxBytes: 10 });
    outbox.send(new Uint8Array(10));
    expect(outbox.send(new Uint8Array(1))).toBe(false);
    expect(outbox.send(new Uint8Array(100))).toBe(false);
    outbox.finish();
    endTurn();
    outbox.drained();
    expect([overflows, writes, outbox.waitingBytes, outbox.buffer.bytes.length]).toEqual([[[11, 10]], [], 0, 0]);
  });
});

describe("an outbox that is closed", () => {
  it("by finish has written what waited, even while it was blocked", () => {
    const { outbox, writer, writes, endTurn } = handDriven();
    writer.outcome = WriteOutcome.blocked;
    outbox.send(hex("01"));
    endTurn();
    outbox.send(hex("02"));
    outbox.finish();
    expect(writes).toEqual(["01", "02"]);
    expect(outbox.send(hex("03"))).toBe(false);
    outbox.drained();
    outbox.finish();
    expect(writes).toEqual(["01", "02"]);
  });

  it("by discard has dropped it", () => {
    const { outbox, writes, endTurn } = handDriven();
    outbox.send(hex("01"));
    outbox.discard();
    endTurn();
    expect(outbox.send(hex("02"))).toBe(false);
    expect([writes, outbox.waitingBytes]).toEqual([[], 0]);
  });

  it("keeps nothing that is encoded into it afterwards", () => {
    const { outbox } = handDriven();
    outbox.discard();
    outbox.buffer.append(new Uint8Array(5_000));
    expect(outbox.commit()).toBe(false);
    expect(outbox.buffer.bytes).toHaveLength(0);
  });
});

describe("an outbox and the frames made in its headroom", () => {
  it("sends every byte once and in order, whatever the writer says when", () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("send" as const), bytes: fc.uint8Array({ maxLength: 300 }) }),
      fc.record({ do: fc.constant("end" as const), outcome: fc.constantFrom(0, 1, 2) }),
      fc.record({ do: fc.constant("drain" as const), outcome: fc.constantFrom(0, 1, 2) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const frames: Uint8Array[] = [];
        let outcome: WriteOutcome = WriteOutcome.taken;
        let queued: Uint8Array[] = [];
        let blocked = false;
        let wroteWhileBlocked = false;
        const turn = new Turn(() => {});
        const outbox = new Outbox(
          {
            get queuedBytes() {
              return queued.reduce((sum, { length }) => sum + length, 0);
            },
            write(buffer) {
              wroteWhileBlocked ||= blocked;
              const frame = frameInPlace(buffer);
              // What is taken is copied by the system; what is held is only looked at later.
              const given = outcome === WriteOutcome.taken ? frame.slice() : frame;
              frames.push(given);
              queued = outcome === WriteOutcome.taken ? [] : [...queued, given];
              blocked = outcome === WriteOutcome.blocked;
              return outcome;
            },
            overflowed() {},
          },
          turn,
          1_000_000,
          frameHeadroom,
        );
        const sent: Uint8Array[] = [];
        for (const each of steps) {
          switch (each.do) {
            case "send":
              sent.push(each.bytes);
              outbox.send(each.bytes);
              break;
            case "end":
              outcome = each.outcome as WriteOutcome;
              outbox.endOfTurn();
              break;
            case "drain":
              outcome = each.outcome as WriteOutcome;
              queued = [];
              blocked = false;
              outbox.drained();
              break;
          }
        }
        blocked = false;
        outcome = WriteOutcome.held;
        outbox.finish();
        expect(toHex(concat(...frames.map(payloadOf)))).toBe(toHex(concat(...sent)));
        expect(wroteWhileBlocked).toBe(false);
      }),
    );
  });
});

function payloadOf(frame: Uint8Array): Uint8Array {
  const short = frame[1] as number;
  return frame.subarray(short < 126 ? 2 : short === 126 ? 4 : 10);
}
