import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SharedBytes } from "../../runtime/base/shared-bytes.js";
import { Turn } from "../../runtime/base/turn.js";
import { Outbox, type OutboxLimit, type OutboxWriter, WriteOutcome } from "../../runtime/transport/outbox.js";
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
function handDriven({ maxBytes = 1_000, headroom = 0, maxMessages = 1_000 } = {}) {
  const ends: (() => void)[] = [];
  const turn = new Turn((task) => void ends.push(task));
  const writes: string[] = [];
  const overflows: [number, number, OutboxLimit][] = [];
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
    overflowed: (waiting, most, limit) => void overflows.push([waiting, most, limit]),
  };
  const outbox = new Outbox(writer, turn, maxBytes, headroom, maxMessages);
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
    expect(overflows).toEqual([[11, 10, "maxOutboxBytes"]]);
  });

  it("tells once, drops what waits and takes nothing more", () => {
    const { outbox, writes, overflows, endTurn } = handDriven({ maxBytes: 10 });
    outbox.send(new Uint8Array(10));
    expect(outbox.send(new Uint8Array(1))).toBe(false);
    expect(outbox.send(new Uint8Array(100))).toBe(false);
    outbox.finish();
    endTurn();
    outbox.drained();
    expect([overflows, writes, outbox.waitingBytes, outbox.buffer.bytes.length]).toEqual([
      [[11, 10, "maxOutboxBytes"]],
      [],
      0,
      0,
    ]);
  });
});

describe("how many messages wait", () => {
  it("counts those here and those behind the last write, until they are taken", () => {
    const { outbox, writer, endTurn } = handDriven();
    outbox.send(hex("01"));
    outbox.send(hex("02"));
    expect(outbox.waitingMessages).toBe(2);
    writer.outcome = WriteOutcome.held;
    endTurn();
    outbox.send(hex("03"));
    expect(outbox.waitingMessages).toBe(3);
    // Nobody tells that what was held is taken.
    writer.queuedBytes = 0;
    expect(outbox.waitingMessages).toBe(1);
    writer.outcome = WriteOutcome.blocked;
    endTurn();
    outbox.send(hex("04"));
    expect([outbox.waitingMessages, outbox.blocked]).toEqual([2, true]);
    writer.outcome = WriteOutcome.taken;
    writer.queuedBytes = 0;
    outbox.drained();
    expect([outbox.waitingMessages, outbox.blocked]).toEqual([0, false]);
  });

  it("has a limit of its own", () => {
    const { outbox, writer, overflows, endTurn } = handDriven({ maxMessages: 3 });
    writer.outcome = WriteOutcome.blocked;
    outbox.send(hex("01"));
    outbox.send(hex("02"));
    endTurn();
    expect(outbox.send(hex("03"))).toBe(true);
    expect(overflows).toEqual([]);
    expect(outbox.send(hex("04"))).toBe(false);
    expect(overflows).toEqual([[4, 3, "maxOutboxMessages"]]);
    expect([outbox.waitingMessages, outbox.closed]).toEqual([2, true]);
  });

  it("does not hold against a client what it has taken meanwhile", () => {
    const { outbox, writer, overflows, endTurn } = handDriven({ maxMessages: 3 });
    writer.outcome = WriteOutcome.held;
    for (let turn = 0; turn < 10; turn++) {
      outbox.send(hex("01"));
      outbox.send(hex("02"));
      endTurn();
      writer.queuedBytes = 0;
    }
    expect(overflows).toEqual([]);
  });
});

describe("packets of which only the newest of a key waits", () => {
  it("stay in the order in which they came, among themselves and all others", () => {
    const { outbox, writer, writes, endTurn } = handDriven();
    writer.outcome = WriteOutcome.blocked;
    outbox.send(hex("00"));
    endTurn();
    expect(outbox.conflate("a", hex("a1"))).toBe("queued");
    outbox.send(hex("01"));
    expect(outbox.conflate("b", hex("b1 b1"))).toBe("queued");
    expect(outbox.conflate("a", hex("a2"))).toBe("replaced");
    outbox.send(hex("02"));
    expect(outbox.conflate("b", hex("b2"))).toBe("replaced");
    expect([outbox.waitingBytes, outbox.waitingMessages]).toEqual([5, 5]);
    writer.outcome = WriteOutcome.taken;
    writer.queuedBytes = 0;
    outbox.drained();
    expect(writes).toEqual(["00", "01a202b2"]);
    expect([outbox.waitingBytes, outbox.waitingMessages]).toEqual([0, 0]);
  });

  it("may be all that waits, and are written also when it ends", () => {
    const { outbox, writer, writes, endTurn } = handDriven({ headroom: 4 });
    writer.outcome = WriteOutcome.blocked;
    outbox.send(hex("00"));
    endTurn();
    outbox.conflate("a", hex("a1"));
    outbox.drained();
    outbox.conflate("a", hex("a2"));
    outbox.finish();
    expect(writes).toEqual(["00", "a1", "a2"]);
    expect(outbox.conflate("a", hex("a3"))).toBe("closed");
  });

  it("count against both limits", () => {
    for (const limits of [{ maxBytes: 6 }, { maxMessages: 4 }]) {
      const { outbox, writer, overflows, endTurn } = handDriven(limits);
      writer.outcome = WriteOutcome.blocked;
      outbox.send(hex("00"));
      endTurn();
      for (let round = 0; round < 100; round++) {
        outbox.conflate(String(round % 3), hex("aa"));
      }
      expect(overflows).toEqual([]);
      expect(["d", "e", "f"].map((key) => outbox.conflate(key, hex("bb")))).toContain("closed");
      expect(overflows).toHaveLength(1);
    }
  });
});

describe("packets that may be lost", () => {
  function lose(outbox: Outbox, bytes: number): boolean {
    const start = outbox.buffer.end;
    outbox.buffer.reserve(bytes);
    return outbox.commitOrDrop(start);
  }

  it("leave the last quarter to the others", () => {
    const { outbox, writer, overflows, endTurn } = handDriven({ maxBytes: 100 });
    writer.outcome = WriteOutcome.blocked;
    outbox.send(new Uint8Array(50));
    endTurn();
    expect([lose(outbox, 25), lose(outbox, 1)]).toEqual([true, false]);
    expect([outbox.waitingBytes, outbox.waitingMessages]).toEqual([75, 2]);
    expect(outbox.send(new Uint8Array(25))).toBe(true);
    expect(lose(outbox, 1)).toBe(false);
    expect(overflows).toEqual([]);
  });

  it("are counted, too", () => {
    const { outbox, endTurn, writes } = handDriven({ maxMessages: 4 });
    expect([1, 2, 3, 4].map(() => lose(outbox, 1))).toEqual([true, true, true, false]);
    expect(outbox.send(hex("ff"))).toBe(true);
    endTurn();
    expect(writes).toEqual(["000000ff"]);
  });

  it("are taken however large they are when nothing else waits, up to the limit itself", () => {
    const { outbox, overflows } = handDriven({ maxBytes: 100 });
    expect(lose(outbox, 100)).toBe(true);
    expect(lose(outbox, 1)).toBe(false);
    expect(overflows).toEqual([]);
  });
});

describe("the owner of an outbox", () => {
  it("is told each time that it takes something again, when what had gathered is written", () => {
    const { outbox, writer, writes, endTurn } = handDriven();
    const told: string[] = [];
    outbox.owner = { outboxDrained: () => void told.push(writes.join(" ")) };
    writer.outcome = WriteOutcome.blocked;
    outbox.send(hex("01"));
    endTurn();
    outbox.send(hex("02"));
    outbox.drained();
    expect(told).toEqual([]);
    writer.outcome = WriteOutcome.held;
    outbox.drained();
    outbox.drained();
    expect(told).toEqual(["01 02"]);
    writer.outcome = WriteOutcome.blocked;
    outbox.send(hex("03"));
    endTurn();
    outbox.discard();
    outbox.drained();
    expect(told).toEqual(["01 02"]);
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

describe("an outbox, whatever is sent, lost and replaced", () => {
  it("loses nothing that must arrive, keeps the order, writes the newest of each key, and stays within its limits", () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ do: fc.constant("send" as const), length: fc.nat(20) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant("lose" as const), length: fc.nat(20) }) },
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant("conflate" as const), key: fc.nat(3), length: fc.nat(20) }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("end" as const), outcome: fc.constantFrom(0, 1, 2) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("drain" as const), outcome: fc.constantFrom(0, 1, 2) }) },
    );
    const [maxBytes, maxMessages] = [400, 24];
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const { outbox, writer, writes, overflows } = handDriven({ maxBytes, maxMessages });
        /** Number of the packet → what it was. Each packet begins with its number. */
        const sent: { readonly kind: "send" | "lose" | "conflate"; readonly key?: number }[] = [];
        const taken = new Set<number>();
        const newest = new Map<number, number>();
        const packet = (length: number): Uint8Array => {
          const bytes = new Uint8Array(2 + length);
          bytes.set([sent.length - 1, length]);
          return bytes;
        };
        const note = (isTaken: boolean): void => void (isTaken && taken.add(sent.length - 1));
        for (const each of steps) {
          switch (each.do) {
            case "send":
              sent.push({ kind: "send" });
              note(outbox.send(packet(each.length)));
              break;
            case "lose": {
              sent.push({ kind: "lose" });
              const start = outbox.buffer.end;
              outbox.buffer.append(packet(each.length));
              note(outbox.commitOrDrop(start));
              break;
            }
            case "conflate":
              sent.push({ kind: "conflate", key: each.key });
              newest.set(each.key, sent.length - 1);
              note(
                outbox.blocked
                  ? outbox.conflate(String(each.key), packet(each.length)) !== "closed"
                  : outbox.send(packet(each.length)),
              );
              break;
            case "end":
              writer.outcome = each.outcome as WriteOutcome;
              outbox.endOfTurn();
              break;
            case "drain":
              writer.outcome = each.outcome as WriteOutcome;
              writer.queuedBytes = 0;
              outbox.drained();
              break;
          }
          expect(outbox.waitingBytes - writer.queuedBytes).toBeLessThanOrEqual(maxBytes);
          expect(outbox.closed || outbox.waitingMessages <= maxMessages).toBe(true);
          expect(overflows.length).toBe(outbox.closed ? 1 : 0);
        }
        const hasOverflowed = outbox.closed;
        outbox.finish();
        const written = numbersIn(hex(writes.join("")));
        expect(written).toEqual([...written].sort((a, b) => a - b));
        expect(new Set(written).size).toBe(written.length);
        expect(written.every((number) => taken.has(number))).toBe(true);
        // A client that is closed for too much may lose what waited.
        const must = [...taken].filter((number) => sent[number]?.kind !== "conflate");
        const last = [...newest.values()].filter((number) => taken.has(number));
        expect(hasOverflowed ? [] : [...must, ...last].filter((number) => !written.includes(number))).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });
});

/** The numbers of packets that stand one after the other: number, length, bytes. */
function numbersIn(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  for (let offset = 0; offset < bytes.length; offset += 2 + (bytes[offset + 1] as number)) {
    numbers.push(bytes[offset] as number);
  }
  return numbers;
}

function payloadOf(frame: Uint8Array): Uint8Array {
  const short = frame[1] as number;
  return frame.subarray(short < 126 ? 2 : short === 126 ? 4 : 10);
}

describe("an outbox that is sent what others are sent too", () => {
  /** Bytes to be shared; `append` returns where they lie. */
  function sharedBytes() {
    const bytes = new SharedBytes();
    const append = (...written: number[]): [SharedBytes, number, number] => {
      const start = bytes.buffer.end;
      bytes.buffer.append(Uint8Array.from(written));
      return [bytes, start, bytes.buffer.end];
    };
    return { bytes, append };
  }

  it("hands it to its writer without a copy: one array for all who got the same", () => {
    const { append } = sharedBytes();
    const seen: Uint8Array[] = [];
    const boxes = [handDriven(), handDriven()];
    for (const { writer } of boxes) {
      writer.writeShared = (bytes, start, end) => {
        seen.push(bytes.view(start, end));
        return WriteOutcome.taken;
      };
    }
    for (const bytes of [[1, 2], [3]]) {
      const part = append(...bytes);
      for (const { outbox } of boxes) {
        expect(outbox.share(...part)).toBe(true);
      }
    }
    expect(boxes.map(({ outbox }) => [outbox.waitingBytes, outbox.waitingMessages])).toEqual([
      [3, 2],
      [3, 2],
    ]);
    for (const { endTurn, outbox, writes } of boxes) {
      endTurn();
      expect([outbox.waitingBytes, outbox.waitingMessages, writes]).toEqual([0, 0, []]);
    }
    expect(seen.map(toHex)).toEqual(["010203", "010203"]);
    expect(seen[0]).toBe(seen[1]);
  });

  it("copies it where its writer does not take it", () => {
    const { append } = sharedBytes();
    const { outbox, writer, writes, endTurn } = handDriven({ headroom: 4 });
    writer.writeShared = () => undefined;
    outbox.share(...append(1, 2));
    endTurn();
    outbox.share(...append(3));
    endTurn();
    expect(writes).toEqual(["0102", "03"]);
  });

  it("closes when that is too much", () => {
    const { append } = sharedBytes();
    const { outbox, overflows, writes, endTurn } = handDriven({ maxBytes: 3 });
    expect(outbox.share(...append(1, 2))).toBe(true);
    expect(outbox.share(...append(3, 4))).toBe(false);
    expect(overflows).toEqual([[4, 3, "maxOutboxBytes"]]);
    expect([outbox.waitingBytes, outbox.closed, outbox.share(...append(5)), outbox.waitingBytes]).toEqual([
      0,
      true,
      false,
      0,
    ]);
    endTurn();
    expect(writes).toEqual([]);
  });

  it("sends all of it in order, whatever comes between, and whether or not it is taken", () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant("share" as const),
          group: fc.nat(1),
          bytes: fc.uint8Array({ minLength: 1, maxLength: 5 }),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant("miss" as const),
          group: fc.nat(1),
          bytes: fc.uint8Array({ minLength: 1, maxLength: 5 }),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant("send" as const),
          bytes: fc.uint8Array({ minLength: 1, maxLength: 5 }),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant("conflate" as const),
          bytes: fc.uint8Array({ minLength: 1, maxLength: 5 }),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant("end" as const),
          outcome: fc.constantFrom(...Object.values(WriteOutcome)),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("drained" as const) }) },
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        fc.boolean(),
        fc.constantFrom(0, 10),
        (steps, takesShared, headroom) => {
          const { outbox, writer, writes, ends, endTurn } = handDriven({ maxBytes: 100_000, headroom });
          const groups = [sharedBytes(), sharedBytes()];
          if (takesShared) {
            writer.writeShared = (bytes, start, end) => {
              writes.push(toHex(bytes.view(start, end)));
              writer.queuedBytes += writer.outcome === WriteOutcome.taken ? 0 : end - start;
              return writer.outcome;
            };
          }
          const sent: string[] = [];
          let conflated = 0;
          for (const made of steps) {
            if (made.kind === "share" || made.kind === "miss") {
              const part = groups[made.group]?.append(...made.bytes) as [SharedBytes, number, number];
              if (made.kind === "share") {
                outbox.share(...part);
                sent.push(toHex(made.bytes));
              }
            } else if (made.kind === "send") {
              outbox.send(made.bytes);
              sent.push(toHex(made.bytes));
            } else if (made.kind === "conflate" && outbox.blocked) {
              outbox.conflate(`${conflated++}`, made.bytes);
              sent.push(toHex(made.bytes));
            } else if (made.kind === "end") {
              writer.outcome = made.outcome;
              endTurn();
            } else if (made.kind === "drained") {
              writer.queuedBytes = 0;
              outbox.drained();
            }
          }
          writer.outcome = WriteOutcome.taken;
          writer.queuedBytes = 0;
          outbox.drained();
          while (ends.length > 0) {
            endTurn();
          }
          expect(writes.join("")).toBe(sent.join(""));
          expect([outbox.waitingBytes, outbox.waitingMessages]).toEqual([0, 0]);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
