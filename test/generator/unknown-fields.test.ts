import { type DescMessage, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultChoices } from "../../generator/model/choices.js";
import { type LoadedCodec, type LoadedCodecs, loadCodecs } from "./support/generated-codecs.js";
import { randomMessage } from "./support/random-message.js";
import { draw, drawMany } from "./support/trees.js";

/** Fields of every type and on every wire type; `Part` is a message that an older type knows as `OldPart`. */
const fields = [
  "int32 varint = 1;",
  "sint64 zigzag = 2;",
  "bool flag = 3;",
  "Kind kind = 4;",
  "fixed32 fixed = 5;",
  "sfixed64 long = 6;",
  "float single = 7;",
  "double number = 8;",
  "string text = 9;",
  "bytes data = 10;",
  "Part part = 11;",
  "Part group = 12 [features.message_encoding = DELIMITED];",
  "repeated sint32 packed = 13;",
  "repeated fixed64 expanded = 14 [features.repeated_field_encoding = EXPANDED];",
  "repeated string texts = 15;",
  "repeated Part groups = 16 [features.message_encoding = DELIMITED];",
  "map<string, int32> counts = 17;",
  "map<int32, Part> parts = 18;",
  "oneof one { string either = 2047; Part or = 2048; }",
  "uint32 last = 536870911;",
];
/** Older types: which of the fields they have. None, each alone, all but each, all, and mixtures. */
const subsets: readonly (readonly string[])[] = [
  [],
  ...fields.map((field) => [field]),
  ...fields.map((field) => fields.filter((other) => other !== field)),
  fields,
  ...drawMany(fc.subarray(fields), 1, 20),
];
const file = [
  'edition = "2023";',
  "package a;",
  'import "google/protobuf/timestamp.proto";',
  "enum Kind { NONE = 0; ONE = 1; }",
  "message Part { int32 a = 1; string b = 2; Part next = 3; fixed32 c = 4; Part group = 5 [features.message_encoding = DELIMITED]; }",
  "message OldPart { string b = 2; OldPart next = 3; OldPart group = 5 [features.message_encoding = DELIMITED]; }",
  `message New { ${fields.join(" ")} }`,
  ...subsets.map(
    (known, index) =>
      `message Old${index} { ${known.join(" ").replaceAll("Part ", "OldPart ").replaceAll("Part>", "OldPart>")} }`,
  ),
  "message Named { string _unknownFields = 1; }",
  "message Times { google.protobuf.Timestamp at = 1; }",
  "service S { rpc A(Named) returns (Named); }",
  "",
].join("\n");

interface Type {
  readonly type: DescMessage;
  readonly codec: LoadedCodec;
}

/** Both kinds of codecs; the first test that needs one has it made. */
const loaded = new Map<boolean, Promise<LoadedCodecs>>();

async function load(isKept = true): Promise<(name: string) => Type> {
  const loading = loaded.get(isKept) ?? loadCodecs({ "a.proto": file }, { ...defaultChoices, unknownFields: isKept });
  loaded.set(isKept, loading);
  const codecs = await loading;
  return (name) => {
    const type = codecs.registry.getMessage(`a.${name}`);
    return { type: type ?? expect.fail(`there is no ${name}`), codec: codecs.codec(`a.${name}`) };
  };
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
/** What bytes are after a message was made of them, and bytes of it. */
const through = ({ codec }: Type, bytes: Uint8Array): Uint8Array => codec.encode(codec.decode(bytes)).finish();

interface Kept {
  readonly _unknownFields?: Readonly<Record<string, readonly Uint8Array[]>>;
}

/** What a message keeps: tag → the bytes of each field. */
function keptBy(message: object): Record<string, string[]> {
  const { _unknownFields: kept = {} }: Kept = message;
  return Object.fromEntries(Object.entries(kept).map(([tag, values]) => [tag, values.map(hexOf)]));
}

/** The same, as protobuf's own implementation has it. */
function keptByTheirs(message: Message): Record<string, string[]> {
  const kept: Record<string, string[]> = {};
  for (const { no, wireType, data } of message.$unknown ?? []) {
    const tag = ((no << 3) | wireType) >>> 0;
    kept[tag] = [...(kept[tag] ?? []), hexOf(data)];
  }
  return kept;
}

/** A field of any number, on any wire type, groups in groups included. */
const wireField: fc.Arbitrary<(writer: BinaryWriter) => BinaryWriter> = fc.letrec<{
  field: (writer: BinaryWriter) => BinaryWriter;
}>((tie) => {
  const number = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 2 ** 29 - 1 }));
  const field = fc.oneof(
    { maxDepth: 5 },
    fc.tuple(number, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })).map(
      ([no, value]) =>
        (writer: BinaryWriter) =>
          writer.tag(no, WireType.Varint).uint64(value),
    ),
    fc.tuple(number, fc.integer()).map(
      ([no, value]) =>
        (writer: BinaryWriter) =>
          writer.tag(no, WireType.Bit32).sfixed32(value),
    ),
    fc.tuple(number, fc.double()).map(
      ([no, value]) =>
        (writer: BinaryWriter) =>
          writer.tag(no, WireType.Bit64).double(value),
    ),
    fc.tuple(number, fc.uint8Array({ maxLength: 20 })).map(
      ([no, value]) =>
        (writer: BinaryWriter) =>
          writer.tag(no, WireType.LengthDelimited).bytes(value),
    ),
    fc.tuple(number, fc.array(tie("field"), { maxLength: 3 })).map(
      ([no, inner]) =>
        (writer: BinaryWriter) =>
          inner.reduce((to, write) => write(to), writer.tag(no, WireType.StartGroup)).tag(no, WireType.EndGroup),
    ),
  );
  return { field };
}).field;

describe("with unknown_fields", () => {
  test("a message that an older type decodes and encodes again has lost nothing, whatever the type does not know", async () => {
    const find = await load();
    const newer = find("New");
    const messages = drawMany(randomMessage(newer.type, { unknownEnumValues: true, minusZero: true }), 1, 25);
    let kept = 0;
    for (const index of subsets.keys()) {
      const older = find(`Old${index}`);
      for (const message of messages) {
        const bytes = toBinary(newer.type, message);
        const again = fromBinary(newer.type, through(older, bytes));
        expect(hexOf(toBinary(newer.type, again)), older.type.typeName).toBe(hexOf(bytes));
        // An implementation that is not ours keeps the same.
        const decoded = older.codec.decode(bytes);
        expect(keptBy(decoded)).toEqual(keptByTheirs(fromBinary(older.type, bytes)));
        kept += Object.keys(keptBy(decoded)).length;
      }
    }
    expect(kept).toBeGreaterThan(subsets.length * messages.length);
  });

  test("fields of any number and any wire type are kept, in the order in which those of one tag came", async () => {
    const none = (await load())("Old0");
    fc.assert(
      fc.property(fc.array(wireField, { maxLength: 12 }), (written) => {
        const bytes = written.reduce((writer, write) => write(writer), new BinaryWriter()).finish();
        const theirs = keptByTheirs(fromBinary(none.type, bytes));
        expect(keptBy(none.codec.decode(bytes))).toEqual(theirs);
        const again = through(none, bytes);
        expect(again.length).toBe(bytes.length);
        expect(keptByTheirs(fromBinary(none.type, again))).toEqual(theirs);
      }),
      { numRuns: 300 },
    );
  });

  test("whatever a stranger sends is refused, or kept as what protobuf's own implementation can read, and no longer than it was", async () => {
    const none = (await load())("Old0");
    const mutilated = fc
      .tuple(fc.array(wireField, { minLength: 1, maxLength: 5 }), fc.nat(), fc.nat({ max: 255 }), fc.boolean())
      .map(([written, at, byte, isCut]) => {
        const bytes = written.reduce((writer, write) => write(writer), new BinaryWriter()).finish();
        bytes[at % bytes.length] = byte;
        return isCut ? bytes.subarray(0, at % bytes.length) : bytes;
      });
    const ends = { refused: 0, kept: 0 };
    fc.assert(
      fc.property(fc.oneof(mutilated, fc.uint8Array({ maxLength: 40 })), (bytes) => {
        let message: object;
        try {
          message = none.codec.decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          ends.refused++;
          return;
        }
        const kept = keptBy(message);
        const again = none.codec.encode(message).finish();
        expect(again.length).toBeLessThanOrEqual(bytes.length);
        expect(keptByTheirs(fromBinary(none.type, again))).toEqual(kept);
        expect(Object.keys(kept).filter((key) => !/^[1-9]\d*$/.test(key))).toEqual([]);
        expect(Object.getPrototypeOf(message)).toBe(Object.prototype);
        ends.kept++;
      }),
      { numRuns: 2_000 },
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(Math.min(ends.refused, ends.kept)).toBeGreaterThan(100);
  });

  test.each([
    ["a field of the number 0", "0200", "a field of the number 0"],
    ["a group that another one ends", "0b14", "invalid end group tag"],
    ["a group that does not end", "0b0801", "premature EOF"],
    ["groups that are too deep", "0b".repeat(200) + "0c".repeat(200), "maximum recursion depth reached"],
    ["a field that is longer than the message", "0a7f00", "premature EOF"],
    ["a wire type that there is not", "0e00", "cant skip wire type 6"],
  ])("%s is refused, as by protobuf's own implementation", async (_, hex, message) => {
    const none = (await load())("Old0");
    expect(() => none.codec.decode(bytesOf(hex))).toThrow(message);
    expect(() => fromBinary(none.type, bytesOf(hex))).toThrow();
  });

  test("a message that knows all of its fields looks as it does without", async () => {
    const find = await load();
    const { type, codec } = find("New");
    const bytes = toBinary(type, draw(randomMessage(type, { unknownEnumValues: true, minusZero: true }), 7));
    expect(Object.keys(codec.decode(bytes))).not.toContain("_unknownFields");
    expect(codec.decode(bytes)).toEqual((await load(false))("New").codec.decode(bytes));
  });

  test("what nobody knows in an entry of a map and in a time is lost", async () => {
    const find = await load();
    const counts = through(find("New"), bytesOf("8a0107" + "0a0161" + "1005" + "1807"));
    expect(hexOf(counts)).toBe("8a0105" + "0a0161" + "1005");
    expect(hexOf(through(find("Times"), bytesOf("0a04" + "0805" + "1807")))).toBe("0a02" + "0805");
  });

  test("a field that is called so is a property like any other, and JSON brings none of the others", async () => {
    const { codec } = (await load())("Named");
    const bytes = bytesOf("0a0178" + "1005");
    expect(codec.decode(bytes)).toEqual({ UnknownFields: "x", _unknownFields: { 16: [bytesOf("05")] } });
    expect(hexOf(codec.encode(codec.decode(bytes)).finish())).toBe(hexOf(bytes));
    expect(codec.json?.toJSON(codec.decode(bytes))).toEqual({ UnknownFields: "x" });
    const json = { UnknownFields: "x", _unknownFields: { 16: ["05"] } };
    expect(codec.json?.fromJSON(json)).toEqual({ UnknownFields: "x" });
  });
});

test("without unknown_fields, what a message does not know is lost", async () => {
  const none = (await load(false))("Old0");
  expect(through(none, bytesOf("0805"))).toHaveLength(0);
});
