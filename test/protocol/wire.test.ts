import { inspect } from "node:util";
import { BinaryReader as OtherReader, BinaryWriter as OtherWriter } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import * as wire from "nanowire/wire";
import { BinaryReader, BinaryWriter } from "nanowire/wire";
import { describe, expect, it, test } from "vitest";
import { hex, toHex } from "./hex.js";

/*
 * Ours beside @bufbuild/protobuf's: the same bytes for every value, the same value for every byte, and an error of ours
 * wherever there is one of theirs.
 */

const integerMethods = [
  "uint32",
  "int32",
  "sint32",
  "fixed32",
  "sfixed32",
  "int64",
  "uint64",
  "sint64",
  "fixed64",
  "sfixed64",
] as const;

type Value = number | bigint | string | boolean | Uint8Array;
type WriterMethod =
  | "uint32"
  | "int32"
  | "sint32"
  | "fixed32"
  | "sfixed32"
  | "int64"
  | "uint64"
  | "sint64"
  | "fixed64"
  | "sfixed64"
  | "float"
  | "double"
  | "bool"
  | "string"
  | "bytes"
  | "raw";
/** A value to be written, or a list of steps between fork and join. */
type Step = readonly [WriterMethod, Value] | { readonly nested: readonly Step[] };

const { step } = fc.letrec<{ step: Step }>((tie) => ({
  step: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(
      pair(
        ["uint32", "fixed32"],
        anyOf(fc.integer({ min: 0, max: 0xffffffff }), 0, 127, 128, 16_383, 16_384, 2 ** 32 - 1),
      ),
      pair(["int32", "sint32", "sfixed32"], anyOf(fc.integer(), -1, -(2 ** 31), 2 ** 31 - 1)),
      pair(
        ["int64", "sint64", "sfixed64"],
        anyOf(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), -1n, 2n ** 53n, -(2n ** 53n)),
      ),
      pair(["uint64", "fixed64"], anyOf(fc.bigInt(0n, 2n ** 64n - 1n), 2n ** 32n, 2n ** 64n - 1n, 127n, 128n)),
      pair(["int64", "uint64", "sint64"], anyOf(fc.maxSafeNat(), 0, 2 ** 31, 2 ** 53 - 1)),
      pair(["int64", "uint64"], fc.bigInt(0n, 2n ** 63n - 1n).map(String)),
      pair(["float"], anyOf(fc.float(), Number.NaN, -0, Number.POSITIVE_INFINITY)),
      pair(["double"], anyOf(fc.double(), Number.NaN, -0)),
      pair(["bool"], fc.boolean()),
      pair(
        ["string"],
        fc.oneof(fc.string({ maxLength: 200 }), fc.string({ unit: "binary", maxLength: 200 }), surrogates()),
      ),
      pair(["bytes", "raw"], fc.uint8Array({ maxLength: 300 })),
    ),
    fc.array(tie("step"), { maxLength: 5 }).map((nested) => ({ nested })),
  ),
}));

describe("what is written", () => {
  test("is the same, whatever it is and however it is nested", () => {
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const ours = new BinaryWriter();
        const others = new OtherWriter();
        expect(toHex(write(ours, steps).finish())).toBe(toHex(write(others, steps).finish()));
        // A writer that has finished begins anew.
        expect(toHex(write(ours, steps).finish())).toBe(toHex(write(others, steps).finish()));
      }),
      { numRuns: 500 },
    );
  });

  test("a text with a character of any length anywhere, around 128 characters and around 128 bytes", () => {
    for (const odd of ["\u0080", "\u07ff", "\u0800", "\ud800", "\udfff", "😀"]) {
      for (const [filling, lengths] of [
        ["a", [0, 1, 124, 125, 126, 127, 128]],
        ["é", [0, 1, 61, 62, 63, 64, 65, 126, 127, 128]],
      ] as const) {
        for (const length of lengths) {
          for (const before of [0, length >> 1, length]) {
            const text = filling.repeat(before) + odd + filling.repeat(length - before);
            expect(written(new BinaryWriter(), "string", text)).toBe(written(new OtherWriter(), "string", text));
          }
        }
      }
    }
  });

  test.each([0, 1, 31, 32, 33, 63, 64, 65, 127, 128, 129, 16_383, 16_384, 100_000])(
    "a text of %i characters",
    (length) => {
      for (const text of ["x".repeat(length), "é".repeat(length), "€".repeat(length), "😀".repeat(length)]) {
        const steps: Step[] = [{ nested: [["string", text]] }, ["uint32", 1]];
        expect(toHex(write(new BinaryWriter(), steps).finish())).toBe(toHex(write(new OtherWriter(), steps).finish()));
      }
    },
  );

  test("is the caller's own", () => {
    const writer = new BinaryWriter();
    const first = writer.string("first").finish();
    writer.string("second").finish();
    expect(toHex(first)).toBe("056669727374");
    expect(first.buffer.byteLength).toBe(first.length);
  });

  const refused: readonly (readonly [WriterMethod, unknown])[] = [
    ["uint32", -1],
    ["uint32", 2 ** 32],
    ["uint32", 0.5],
    ["uint32", Number.NaN],
    ["uint32", "abc"],
    ["uint32", null],
    ["uint32", undefined],
    ["uint32", true],
    ["int32", 2 ** 31],
    ["int32", -(2 ** 31) - 1],
    ["sint32", 2 ** 31],
    ["fixed32", -1],
    ["sfixed32", 2 ** 31],
    ["int64", 2n ** 63n],
    ["int64", -(2n ** 63n) - 1n],
    ["int64", 0.5],
    ["int64", "abc"],
    ["int64", undefined],
    ["uint64", -1n],
    ["uint64", 2n ** 64n],
    ["sint64", 2n ** 63n],
    ["fixed64", -1n],
    ["sfixed64", 2n ** 63n],
    ["float", 1e39],
    ["float", "abc"],
    ["float", null],
  ];
  test.each(refused)("%s does not take %s", (method, value) => {
    expect(() => put(new OtherWriter(), method, value)).toThrow();
    expect(() => put(new BinaryWriter(), method, value)).toThrow(Error);
  });

  const types: readonly WriterMethod[] = [...integerMethods, ...(["float", "double"] as const)];
  const edges: readonly unknown[] = [
    ...[0, 1, 7, 14, 21, 28, 31, 32, 35, 63].flatMap((bits) => [2 ** bits - 1, 2 ** bits, -(2 ** bits)]),
    ...[7n, 31n, 32n, 35n, 63n, 64n].flatMap((bits) => [2n ** bits - 1n, 2n ** bits, -(2n ** bits)]),
    ...[-0, 0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-45, 3.4028235677973366e38],
    ...["0", "-0", "-1", "127", "128", "4294967295", "4294967296", "1.5", "NaN", "Infinity", "1e39", "", " ", "0x10"],
    ...[null, undefined, true, [], [5], {}, { valueOf: () => 5 }],
  ];
  test.each(types)("every edge as %s, wherever the array ends, or it is an error of both", (method) => {
    for (const before of [0, 252, 255, 256]) {
      for (const edge of edges) {
        const raw = new Uint8Array(before);
        const [ours, others] = [new BinaryWriter().raw(raw), new OtherWriter().raw(raw)];
        expect(written(ours, method, edge), inspect(edge)).toBe(written(others, method, edge));
      }
    }
  });

  test("join() without fork() is an error", () => {
    expect(() => new BinaryWriter().join()).toThrow("join() without fork()");
  });
});

type ReaderMethod = Exclude<WriterMethod, "raw"> | "tag" | "skip0" | "skip1" | "skip2" | "skip3" | "skip5" | "skip6";
const readerMethods: readonly ReaderMethod[] = [
  ...integerMethods,
  "float",
  "double",
  "bool",
  "string",
  "bytes",
  "tag",
  "skip0",
  "skip1",
  "skip2",
  "skip3",
  "skip5",
  "skip6",
];

describe("what is read", () => {
  test("is the same, or an error, of whatever bytes", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      // Many a varint that goes on, many a small length.
      fc.array(fc.oneof(fc.integer({ min: 0x80, max: 0xff }), fc.integer({ min: 0, max: 12 })), { maxLength: 40 }),
    );
    fc.assert(
      fc.property(bytes, fc.array(fc.constantFrom(...readerMethods), { maxLength: 12 }), (values, methods) => {
        const input = padded(Uint8Array.from(values));
        expect(readAll(new BinaryReader(input), methods)).toEqual(readAll(new OtherReader(input), methods));
      }),
      { numRuns: 5_000 },
    );
  });

  test("is the same in the midst of other bytes, of which nothing is read", () => {
    const bytes = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 20 });
    fc.assert(
      fc.property(
        bytes,
        bytes,
        bytes,
        fc.array(fc.constantFrom(...readerMethods), { maxLength: 8 }),
        (before, values, after, methods) => {
          const start = before.length;
          const end = start + values.length;
          const midst = new BinaryReader(Uint8Array.from([...before, ...values, ...after]), start, end);
          expect(readAll(midst, methods, start)).toEqual(readAll(new BinaryReader(Uint8Array.from(values)), methods));
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it.each([
    ["a small number", "uint32"],
    ["a truth", "bool"],
    ["a length", "bytes"],
    ["a tag", "tag"],
  ] as const)("%s that begins where the message ends is an error", (_, method) => {
    const reader = new BinaryReader(hex("08 01 01 01"), 0, 1);
    reader.uint32();
    expect(() => get(reader, method)).toThrow("premature EOF");
  });

  test("is what was written", () => {
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const flat = steps.filter(
          (each): each is [Exclude<WriterMethod, "raw">, Value] => !("nested" in each) && each[0] !== "raw",
        );
        const input = write(new OtherWriter(), flat).finish();
        const methods = flat.map(([method]) => method);
        expect(readAll(new BinaryReader(input), methods)).toEqual(readAll(new OtherReader(input), methods));
      }),
    );
  });

  it.each([
    ["a varint of 11 bytes", "ff ff ff ff ff ff ff ff ff ff 01", "uint32"],
    ["a varint that does not end", "80 80", "uint64"],
    ["no varint at all", "", "bool"],
    ["a text that is longer than the rest", "05 61", "string"],
    ["bytes of 4 GB", "ff ff ff ff 0f", "bytes"],
    ["half a double", "00 00 00 00", "double"],
    ["a tag of field 0", "00", "tag"],
    ["a tag of wire type 6", "0e", "tag"],
    ["a tag of 33 bits", "ff ff ff ff 1f", "tag"],
    ["a group that does not end", "08 01", "skip3"],
    ["a group that ends as another", "14", "skip3"],
  ] as const)("%s is an error", (_, bytes, method) => {
    expect(() => get(new BinaryReader(hex(bytes)), method)).toThrow(Error);
  });

  test("groups are skipped 100 deep, and no deeper", () => {
    const nested = (depth: number) => hex("0b ".repeat(depth - 1) + "0c ".repeat(depth));
    expect(new BinaryReader(nested(100)).skip(3, 1).length).toBe(199);
    expect(() => new BinaryReader(nested(101)).skip(3, 1)).toThrow("maximum recursion depth reached");
    expect(() => new BinaryReader(hex("0b ".repeat(1_000_000))).skip(3, 1)).toThrow("maximum recursion depth reached");
  });

  test("bytes are a view; a text that is not UTF-8 is mended, or refused where that is asked for", () => {
    const input = hex("03 61 ff 62");
    expect(new BinaryReader(input).bytes().buffer).toBe(input.buffer);
    expect(new BinaryReader(input).string()).toBe("a\ufffdb");
    expect(() => new BinaryReader(input).string(true)).toThrow(TypeError);
    expect(new BinaryReader(hex("04 ef bb bf 61")).string(true)).toBe("\ufeffa");
  });
});

function pair<V extends Value>(
  methods: readonly WriterMethod[],
  values: fc.Arbitrary<V>,
): fc.Arbitrary<readonly [WriterMethod, Value]> {
  return fc.tuple(fc.constantFrom(...methods), values);
}

function anyOf<T>(values: fc.Arbitrary<T>, ...corners: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(values, fc.constantFrom(...corners));
}

/** Texts with halves of surrogate pairs. */
function surrogates(): fc.Arbitrary<string> {
  return fc
    .array(fc.integer({ min: 0xd700, max: 0xe010 }), { maxLength: 40 })
    .map((codes) => String.fromCharCode(...codes));
}

interface AnyWriter {
  fork(): unknown;
  join(): unknown;
}

function write<W extends AnyWriter>(writer: W, steps: readonly Step[]): W {
  for (const each of steps) {
    if ("nested" in each) {
      writer.fork();
      write(writer, each.nested);
      writer.join();
    } else {
      put(writer, ...each);
    }
  }
  return writer;
}

type AnyFunction = (...args: unknown[]) => unknown;

/** Theirs are methods all; most numbers of ours are functions. */
function put(writer: object, method: WriterMethod, value: unknown): void {
  const { [functionName("write", method)]: ours } = wire as unknown as Record<string, AnyFunction>;
  if (writer instanceof BinaryWriter && ours !== undefined) {
    ours(writer, value);
    return;
  }
  (writer as Record<WriterMethod, AnyFunction>)[method](value);
}

/** What a writer makes of a value behind what it has written; undefined where it throws. */
function written(writer: BinaryWriter | OtherWriter, method: WriterMethod, value: unknown): string | undefined {
  try {
    put(writer, method, value);
  } catch {
    return undefined;
  }
  return toHex(writer.finish());
}

function get(reader: object, method: ReaderMethod): unknown {
  const [, name, wireType] = /^(skip)(\d)$/.exec(method) ?? [];
  const { [functionName("read", method)]: ours } = wire as unknown as Record<string, AnyFunction>;
  if (reader instanceof BinaryReader && ours !== undefined) {
    return ours(reader);
  }
  const called = (reader as Record<string, AnyFunction>)[name ?? method];
  return wireType === undefined ? called?.call(reader) : called?.call(reader, Number(wireType), 1);
}

/** `readInt64` of `int64`. */
function functionName(verb: string, method: string): string {
  return `${verb}${method.charAt(0).toUpperCase()}${method.slice(1)}`;
}

/** What each call returns and where it leaves the reader; the first error ends it. */
function readAll(reader: BinaryReader | OtherReader, methods: readonly ReaderMethod[], start = 0): unknown[] {
  const seen: unknown[] = [];
  for (const method of methods) {
    try {
      const value = get(reader, method);
      seen.push([method, value instanceof Uint8Array ? toHex(value) : value, reader.pos - start]);
    } catch {
      seen.push([method, "an error"]);
      return seen;
    }
  }
  return seen;
}

/** The same bytes in the middle of others: what is read past their end shows. */
function padded(bytes: Uint8Array): Uint8Array {
  const buffer = new Uint8Array(bytes.length + 32).fill(0x11);
  buffer.set(bytes, 16);
  return buffer.subarray(16, 16 + bytes.length);
}
