import { join } from "node:path";
import {
  create,
  createFileRegistry,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { JsonMismatch } from "nanowire/json";
import { beforeAll, describe, expect, test } from "vitest";
import { compileProtoFiles } from "../../generator/read/buf.js";
import { readOwnOptions, readOwnPackage } from "../../generator/read/package-root.js";
import { findBufBinary, findPeers } from "../../generator/read/peers.js";
import { readProtoFiles } from "../../generator/read/proto-files.js";
import { Longs as Numbers } from "./scenarios/int64-number/expected/generated/longs.js";
import { Longs as NumbersJson } from "./scenarios/int64-number/expected/generated/longs.json.js";
import { Longs as Strings } from "./scenarios/int64-string/expected/generated/longs.js";
import { Longs as StringsJson } from "./scenarios/int64-string/expected/generated/longs.json.js";

/** protobuf-es: an implementation that is not ours. */
let schema: DescMessage;

beforeAll(async () => {
  const own = readOwnPackage();
  const [requireBuf] = findPeers(own, own.root, ["@bufbuild/buf"]);
  const files = readProtoFiles(join(own.root, "test/generator/scenarios/int64-number"), ["proto"]);
  const set = await compileProtoFiles(findBufBinary(requireBuf), files, readOwnOptions(own));
  const found = createFileRegistry(fromBinary(FileDescriptorSetSchema, set)).getMessage("longs.v1.Longs");
  schema = found ?? expect.fail("there is no longs.v1.Longs");
});

const theirBytes = (json: JsonValue): Uint8Array => toBinary(schema, fromJson(schema, json));
const theirJson = (bytes: Uint8Array): JsonValue => toJson(schema, fromBinary(schema, bytes));
const throughText = (value: unknown): JsonValue => JSON.parse(JSON.stringify(value));

const safe = fc.bigInt({ min: -(2n ** 53n) + 1n, max: 2n ** 53n - 1n }).map(String);
const unsignedSafe = fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }).map(String);
const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
const unsignedLong = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);

/** None that is -0, which JSON cannot say. */
const double = fc.double({ noDefaultInfinity: true, noNaN: true }).map((value) => (value === 0 ? 0 : value));

/** The JSON of a message whose integers are of the given ones; those that are a number whatever is chosen are safe. */
const jsonOf = (signed: fc.Arbitrary<string>, unsigned: fc.Arbitrary<string>): fc.Arbitrary<JsonValue> =>
  fc.record(
    {
      anInt64: signed,
      aUint64: unsigned,
      aSint64: signed,
      aFixed64: unsigned,
      aSfixed64: signed,
      maybe: signed,
      many: fc.array(signed),
      loose: fc.array(unsigned),
      both: fc.dictionary(signed, unsigned),
      values: fc.dictionary(
        fc.string().filter((key) => key !== "__proto__"),
        signed,
      ),
      keys: fc.dictionary(unsigned, fc.string()),
      orNull: signed,
      orNullToo: unsigned,
      boxes: fc.array(signed),
      chosenLong: signed,
      asString: long,
      asNumber: safe,
      asNumbers: fc.array(safe),
      "re-named": signed,
      at: fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((date) => date.toISOString()),
      aDouble: double,
      doubles: fc.dictionary(fc.constantFrom("a", "b"), double),
      moreDoubles: fc.array(double),
      boxed: fc.dictionary(fc.integer().map(String), signed),
    },
    { requiredKeys: [] },
  );

describe("64-bit integers", () => {
  test("as numbers: what is safe goes there and back, as protobuf's own implementation has it", () => {
    fc.assert(
      fc.property(jsonOf(safe, unsignedSafe), (json) => {
        const bytes = theirBytes(json);
        const expected = theirJson(bytes);
        expect(theirJson(Numbers.encode(Numbers.decode(bytes)).finish())).toEqual(expected);
        const read = NumbersJson.fromJSON(throughText(expected));
        expect(theirJson(Numbers.encode(read).finish())).toEqual(expected);
        expect(theirJson(theirBytes(throughText(NumbersJson.toJSON(read))))).toEqual(expected);
      }),
    );
  });

  test("as strings: every value goes there and back", () => {
    fc.assert(
      fc.property(jsonOf(long, unsignedLong), (json) => {
        const bytes = theirBytes(json);
        const expected = theirJson(bytes);
        expect(theirJson(Strings.encode(Strings.decode(bytes)).finish())).toEqual(expected);
        const read = StringsJson.fromJSON(throughText(expected));
        expect(theirJson(Strings.encode(read).finish())).toEqual(expected);
        expect(theirJson(theirBytes(throughText(StringsJson.toJSON(read))))).toEqual(expected);
      }),
    );
    expect(Strings.decode(theirBytes({ aUint64: "18446744073709551615" })).aUint64).toBe("18446744073709551615");
  });

  const unsafe = [2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)].map(String);
  const unsignedUnsafe = [2n ** 53n, 2n ** 64n - 1n].map(String);
  const places: readonly [place: string, json: (value: string) => JsonValue, values: readonly string[]][] = [
    ["a field", (value) => ({ anInt64: value }), unsafe],
    ["an unsigned field", (value) => ({ aUint64: value }), unsignedUnsafe],
    ["a zigzag field", (value) => ({ aSint64: value }), unsafe],
    ["a fixed field", (value) => ({ aFixed64: value }), unsignedUnsafe],
    ["a signed fixed field", (value) => ({ aSfixed64: value }), unsafe],
    ["an optional field", (value) => ({ maybe: value }), unsafe],
    ["a list", (value) => ({ many: ["1", value] }), unsafe],
    ["a list that is not packed", (value) => ({ loose: ["1", value] }), unsignedUnsafe],
    ["a map's keys", (value) => ({ both: { [value]: "1" } }), unsafe],
    ["a map's values", (value) => ({ values: { a: value } }), unsafe],
    ["a map's unsigned keys", (value) => ({ keys: { [value]: "a" } }), unsignedUnsafe],
    ["a wrapper", (value) => ({ orNull: value }), unsafe],
    ["an unsigned wrapper", (value) => ({ orNullToo: value }), unsignedUnsafe],
    ["a list of wrappers", (value) => ({ boxes: [value] }), unsafe],
    ["a map of wrappers", (value) => ({ boxed: { 1: value } }), unsafe],
    ["a oneof", (value) => ({ chosenLong: value }), unsafe],
    ["a wrapper in a oneof", (value) => ({ chosenBox: value }), unsignedUnsafe],
    ["a field with another name as JSON", (value) => ({ "re-named": value }), unsafe],
    ["a field that is always a number", (value) => ({ asNumber: value }), unsafe],
    ["a list that is always of numbers", (value) => ({ asNumbers: [value] }), unsafe],
  ];

  test.each(places)("as numbers: what is not safe is refused in %s, as protobuf and as JSON", (_, json, values) => {
    for (const value of values) {
      expect(() => Numbers.decode(theirBytes(json(value))), value).toThrow(/MAX_SAFE_INTEGER|MIN_SAFE_INTEGER/);
      expect(() => NumbersJson.fromJSON(json(value)), value).toThrow(
        `${value} is not an integer from -(2^53 - 1) to 2^53 - 1`,
      );
    }
  });

  test("as numbers: a field is refused by its name in the .proto too, and a text that is no integer", () => {
    expect(() => NumbersJson.fromJSON({ an_int64: "9007199254740993" })).toThrow(JsonMismatch);
    expect(() => NumbersJson.fromJSON({ anInt64: "seven" })).toThrow(JsonMismatch);
    expect(
      NumbersJson.fromJSON({ anInt64: 7, aDouble: 1e300, doubles: { a: 1e300 }, moreDoubles: [1e300] }),
    ).toMatchObject({
      anInt64: 7,
      aDouble: 1e300,
      moreDoubles: [1e300],
    });
  });

  test("as strings: a field that is a number all the same is held to what a number can be", () => {
    expect(() => StringsJson.fromJSON({ asNumber: "9007199254740993" })).toThrow(JsonMismatch);
    expect(() => Strings.decode(theirBytes({ asNumber: "9007199254740993" }))).toThrow(/MAX_SAFE_INTEGER/);
    expect(StringsJson.fromJSON({ anInt64: "9007199254740993" }).anInt64).toBe("9007199254740993");
  });

  test("an unset message is zeros of the chosen type", () => {
    expect(toBinary(schema, create(schema)).length).toBe(0);
    expect(Numbers.decode(new Uint8Array())).toMatchObject({ anInt64: 0, asString: "0", maybe: undefined });
    expect(Strings.decode(new Uint8Array())).toMatchObject({ anInt64: "0", asNumber: 0, maybe: undefined });
  });
});
