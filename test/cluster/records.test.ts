import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteBuffer } from "../../runtime/base/byte-buffer.js";
import { NanowireError } from "../../runtime/base/error.js";
import { RecordReader } from "../../runtime/cluster/record-reader.js";
import { beginRecord, endRecord, writeNumber, writeText } from "../../runtime/cluster/record-writer.js";
import { toHex } from "../protocol/hex.js";

type Field = number | string;

interface Written {
  readonly type: number;
  readonly fields: readonly Field[];
  readonly rest: Uint8Array;
}

function write(records: readonly Written[], headroom = 0): ByteBuffer {
  const out = new ByteBuffer(headroom);
  for (const { type, fields, rest } of records) {
    const start = beginRecord(out, type);
    for (const field of fields) {
      if (typeof field === "number") {
        writeNumber(out, field);
      } else {
        writeText(out, field);
      }
    }
    out.append(rest);
    endRecord(out, start);
  }
  return out;
}

describe("a record", () => {
  it.each<[string, Written, string]>([
    ["has a length, a type and fields", { type: 10, fields: [1, 2], rest: bytes() }, "03000000 0a 01 02"],
    ["may be empty", { type: 7, fields: [], rest: bytes() }, "01000000 07"],
    [
      "has numbers of seven bits a byte",
      { type: 3, fields: [0, 127, 128, 300], rest: bytes() },
      "07000000 03 00 7f 8001 ac02",
    ],
    [
      "has great numbers",
      { type: 3, fields: [2 ** 31, 2 ** 53 - 1], rest: bytes() },
      "0e000000 03 8080808008 ffffffffffffff0f",
    ],
    ["has texts in UTF-8", { type: 1, fields: ["ä", ""], rest: bytes() }, "05000000 01 02c3a4 00"],
    ["ends with whatever is left", { type: 8, fields: [1], rest: bytes(0xff, 0) }, "04000000 08 01 ff00"],
  ])("%s", (_, record, expected) => {
    expect(toHex(write([record]).view())).toBe(expected.replaceAll(" ", ""));
  });

  const field = fc.oneof(fc.maxSafeNat(), fc.nat(300), fc.string({ unit: "grapheme" }));
  const record = fc.record({
    type: fc.integer({ min: 1, max: 255 }),
    fields: fc.array(field, { maxLength: 6 }),
    rest: fc.uint8Array({ maxLength: 300 }),
  });

  it("comes back as it was written, whatever stands around it", () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 8 }), fc.nat(20), (records, headroom) => {
        const out = write(records, headroom);
        const reader = new RecordReader();
        reader.begin(out.bytes, headroom, out.end);
        const read: Written[] = records.map((written) => ({
          type: reader.next(),
          fields: written.fields.map((value) => (typeof value === "number" ? reader.number() : reader.text())),
          rest: reader.rest().slice(),
        }));
        expect(read).toEqual(records);
        expect(reader.next()).toBe(0);
      }),
    );
  });

  it("is skipped whole, whatever of it was read", () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 8 }), (records) => {
        const out = write(records);
        const reader = new RecordReader();
        reader.begin(out.bytes, 0, out.end);
        expect(records.map(() => reader.next())).toEqual(records.map(({ type }) => type));
        expect(reader.next()).toBe(0);
      }),
    );
  });

  it("is never read beyond its end, and fails with nothing else than invalid_message", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.array(fc.boolean(), { maxLength: 40 }), (given, numbers) => {
        const reader = new RecordReader();
        reader.begin(given, 0, given.length);
        const outcome = attempt(() => {
          while (reader.next() !== 0) {
            for (const isNumber of numbers) {
              const value = isNumber ? reader.number() : reader.text();
              expect(reader.at).toBeLessThanOrEqual(reader.end);
              expect(value).toBeDefined();
            }
          }
        });
        expect(["", "invalid_message"]).toContain(outcome);
      }),
    );
  });

  it.each([
    ["a length that is cut", "0300"],
    ["no type", "00000000"],
    ["less than its length says", "05000000 0a 01"],
    ["a length beyond all measure", "ffffffff 0a"],
  ])("of %s is refused", (_, hex) => {
    const given = Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
    const reader = new RecordReader();
    reader.begin(given, 0, given.length);
    expect(attempt(() => reader.next())).toBe("invalid_message");
  });
});

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.of(...values);
}

function attempt(task: () => unknown): string {
  try {
    task();
    return "";
  } catch (error) {
    return error instanceof NanowireError ? error.code : String(error);
  }
}
