import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteBuffer } from "../../runtime/base/byte-buffer.js";
import { NanowireError } from "../../runtime/base/error.js";
import { PushTargets } from "../../runtime/cluster/push-targets.js";
import { RecordReader } from "../../runtime/cluster/record-reader.js";
import { beginRecord, endRecord, writeNumber } from "../../runtime/cluster/record-writer.js";
import type { Session } from "../../runtime/session/session.js";

interface Visit {
  readonly session: Session;
}

/** Stands for a session, which is told from others by being itself. */
function visitOf(id: number): Visit {
  return { session: { id: String(id) } as Session };
}

function visitsOf(count: number): Map<number, Visit> {
  return new Map(Array.from({ length: count }, (_, index) => [index + 1, visitOf(index + 1)]));
}

/** A reader that stands before a list of targets, with a payload behind it. */
function readerOf(numbers: readonly number[], count = numbers.length): RecordReader {
  const out = new ByteBuffer();
  const start = beginRecord(out, 11);
  writeNumber(out, count);
  let last = 0;
  for (const number of numbers) {
    const distance = number - last;
    writeNumber(out, distance < 0 ? -2 * distance - 1 : 2 * distance);
    last = number;
  }
  out.append(payload);
  endRecord(out, start);
  const reader = new RecordReader();
  reader.begin(out.bytes, 0, out.end);
  reader.next();
  return reader;
}

const payload = Uint8Array.of(0xff, 0xfe);

function numbers(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

describe("the targets of pushes", () => {
  it("are found once, as long as the list is the same and nobody went", () => {
    const targets = new PushTargets();
    const visits = visitsOf(20);
    const first = targets.read(readerOf(numbers(1, 20)), visits);
    expect(first).toEqual([...visits.values()].map(({ session }) => session));
    const again = readerOf(numbers(1, 20));
    expect(targets.read(again, visits)).toBe(first);
    expect(again.rest()).toEqual(payload);
    expect(targets.read(readerOf(numbers(1, 19)), visits)).toHaveLength(19);
    expect(targets.read(readerOf(numbers(1, 20)), visits)).toBe(first);
    visits.delete(7);
    targets.forget();
    expect(targets.count).toBe(0);
    expect(targets.read(readerOf(numbers(1, 20)), visits)).toHaveLength(19);
  });

  it("are told apart when they are as many and begin alike", () => {
    const targets = new PushTargets();
    const visits = visitsOf(30);
    const others = [...numbers(1, 19), 25];
    for (let round = 0; round < 3; round++) {
      expect(targets.read(readerOf(numbers(1, 20)), visits).at(-1)).toBe(visits.get(20)?.session);
      expect(targets.read(readerOf(others), visits).at(-1)).toBe(visits.get(25)?.session);
    }
    expect(targets.count).toBe(20);
  });

  it("are those that a look at each number finds, whatever lists come and whoever goes", () => {
    const list = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 40 });
    const lists = fc.array(list, { minLength: 1, maxLength: 4 });
    const steps = fc.array(fc.record({ which: fc.nat(3), gone: fc.option(fc.integer({ min: 1, max: 40 })) }), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(lists, steps, (all, events) => {
        const targets = new PushTargets();
        const visits = visitsOf(40);
        for (const { which, gone } of events) {
          if (gone !== null) {
            visits.delete(gone);
            targets.forget();
          }
          const asked = all[which % all.length] ?? [];
          const reader = readerOf(asked);
          expect(targets.read(reader, visits)).toEqual(asked.flatMap((number) => visits.get(number)?.session ?? []));
          expect(reader.rest()).toEqual(payload);
        }
      }),
    );
  });

  it("are forgotten, the oldest first, when there are too many", () => {
    const targets = new PushTargets();
    const visits = visitsOf(10);
    const first = targets.read(readerOf(numbers(1, 10)), visits);
    for (let from = 2; from < 1_025; from++) {
      targets.read(readerOf(numbers(from, 10)), visits);
    }
    expect(targets.count).toBe(10_240);
    expect(targets.read(readerOf(numbers(1, 10)), visits)).toBe(first);
    targets.read(readerOf(numbers(2_000, 10)), visits);
    expect(targets.count).toBe(10_240);
    expect(targets.read(readerOf(numbers(1, 10)), visits)).toBe(first);
    // One that leaves no room for another, and one that is never kept.
    targets.read(readerOf(numbers(1, 262_140)), visits);
    expect(targets.count).toBe(262_140);
    expect(targets.read(readerOf(numbers(1, 262_145)), visits)).toHaveLength(10);
    expect(targets.count).toBe(262_140);
  });

  it("are refused when the list does not end, known or not", () => {
    const targets = new PushTargets();
    const visits = visitsOf(20);
    targets.read(readerOf(numbers(1, 20)), visits);
    const short = readerOf(numbers(1, 20));
    short.end = short.at + 10;
    expect(() => targets.read(short, visits)).toThrow(NanowireError);
    expect(() => targets.read(readerOf([], 2 ** 50), visits)).toThrow(NanowireError);
  });
});
