import fc from "fast-check";
import * as json from "nanowire/json";
import { describe, expect, test } from "vitest";

interface Point {
  x: number;
  at?: Date | undefined;
  name?: string | undefined;
  tags: string[];
  counts: Map<number, bigint>;
  flags: Map<boolean, string>;
  inner?: Point | undefined;
  kind: 0 | 1;
  data: Uint8Array;
  one: { $case: "text"; value: string } | { $case: "any"; value: unknown } | undefined;
}

const kind: json.JsonEnum<0 | 1> = json.enumeration("a.Kind", [
  ["KIND_NONE", 0],
  ["KIND_ONE", 1],
  ["KIND_FIRST", 1],
]);
const point: json.JsonMessage<Point> = json.message("a.Point", () => ({
  x: json.field("x", json.int32),
  at: json.optional("at", json.timestamp),
  name: json.optional(["userName", "user_name"], json.string),
  tags: json.list("tags", json.string),
  counts: json.map("counts", json.int32, json.uint64),
  flags: json.map("flags", json.bool, json.string),
  inner: json.optional("inner", point),
  kind: json.field("kind", kind),
  data: json.field("data", json.bytes),
  one: json.oneOf({ text: json.member("text", json.string), any: json.member("any", json.value) }),
}));
const empty: Point = {
  x: 0,
  at: undefined,
  name: undefined,
  tags: [],
  counts: new Map(),
  flags: new Map(),
  inner: undefined,
  kind: 0,
  data: new Uint8Array(0),
  one: undefined,
};
const written = (message: Point): unknown => JSON.parse(JSON.stringify(point.toJSON(message)));

describe("a message as JSON", () => {
  test("leaves out what holds its default, and reads what is absent or null as it", () => {
    expect(written(empty)).toEqual({});
    expect(point.fromJSON({})).toEqual(empty);
    const nulls = { x: null, at: null, userName: null, tags: null, counts: null, inner: null, kind: null, text: null };
    expect(point.fromJSON(nulls)).toEqual(empty);
  });

  test("reads a field by its name in the .proto too, its own name first, and takes no heed of others", () => {
    expect(point.fromJSON({ user_name: "a", unheard: 1 })).toMatchObject({ name: "a" });
    expect(point.fromJSON({ user_name: "a", userName: "b" })).toMatchObject({ name: "b" });
    expect(written({ ...empty, name: "" })).toEqual({ userName: "" });
  });

  test("has null as a Value, and tells it from none", () => {
    expect(point.fromJSON({ any: null })).toMatchObject({ one: { $case: "any", value: null } });
    expect(written({ ...empty, one: { $case: "any", value: null } })).toEqual({ any: null });
  });

  test("writes the first of several names for a number, and a number without a name as it is", () => {
    expect(written({ ...empty, kind: 1 })).toEqual({ kind: "KIND_ONE" });
    expect(point.fromJSON({ kind: "KIND_FIRST" }).kind).toBe(1);
    expect(point.fromJSON({ kind: 7 }).kind).toBe(7);
    expect(written(point.fromJSON({ kind: 7 }))).toEqual({ kind: 7 });
  });

  const deep = (levels: number): unknown => (levels === 0 ? {} : { inner: deep(levels - 1) });
  test.each<[title: string, value: unknown, reason: string]>([
    ["no object", [], "an object was expected, not a list"],
    ["null", null, "an object was expected, not null"],
    ["a text for a number", { x: "one" }, 'x: an integer from -2147483648 to 2147483647 was expected, not "one"'],
    ["a fraction", { x: 1.5 }, "x: an integer from -2147483648 to 2147483647 was expected, not 1.5"],
    [
      "a number too large",
      { x: 2147483648 },
      "x: an integer from -2147483648 to 2147483647 was expected, not 2147483648",
    ],
    ["a number for a text", { userName: 5 }, "userName: a text was expected, not 5"],
    ["no list", { tags: "a" }, 'tags: a list was expected, not "a"'],
    ["null in a list", { tags: ["a", null] }, "tags[1]: a text was expected, not null"],
    ["an object in a list", { tags: [{}] }, "tags[0]: a text was expected, not an object"],
    ["no map", { counts: [] }, "counts: an object was expected, not a list"],
    [
      "a key that is no number",
      { counts: { a: 1 } },
      'counts.a: an integer from -2147483648 to 2147483647 was expected, not "a"',
    ],
    [
      "a value below zero",
      { counts: { 1: "-1" } },
      'counts.1: an integer from 0 to 18446744073709551615 was expected, not "-1"',
    ],
    [
      "a number that JSON.parse has rounded",
      { counts: { 1: 2 ** 53 } },
      "counts.1: an integer from 0 to 18446744073709551615 was expected, not 9007199254740992",
    ],
    [
      "a key that is neither true nor false",
      { flags: { yes: "" } },
      'flags.yes: true or false was expected, not "yes"',
    ],
    ["an unknown name", { kind: "KIND_TWO" }, 'kind: a value of a.Kind was expected, not "KIND_TWO"'],
    ["an enum's number too large", { kind: 2 ** 31 }, "kind: a value of a.Kind was expected, not 2147483648"],
    ["no base64", { data: "é" }, 'data: base64 was expected, not "é"'],
    ["no time", { at: "yesterday" }, 'at: a time, as in "2026-01-31T12:00:00Z" was expected, not "yesterday"'],
    [
      "a day that is not",
      { at: "2026-02-30T25:00:00Z" },
      'at: a time, as in "2026-01-31T12:00:00Z" was expected, not "2026-02-30T25:00:00Z"',
    ],
    ["deep inside", { inner: { inner: { tags: [1] } } }, "inner.inner.tags[0]: a text was expected, not 1"],
    ["two of a oneof", { text: "a", any: 1 }, "any: text is there as well, and only one of them can be"],
    ["nested too deep", deep(101), `${"inner.".repeat(100)}inner: nested deeper than 100`],
    [
      "a long text",
      { x: "x".repeat(99) },
      `x: an integer from -2147483648 to 2147483647 was expected, not "${"x".repeat(39)}…`,
    ],
  ])("is refused: %s", (_, value, reason) => {
    expect(() => point.fromJSON(value)).toThrow(new json.JsonMismatch(reason));
  });

  test("may be nested a hundred deep", () => {
    expect(written(point.fromJSON(deep(100)))).toEqual(deep(100));
  });

  test("of any JSON there is a message, or it says what is wrong", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          fc.record({ x: fc.jsonValue(), tags: fc.jsonValue(), counts: fc.jsonValue(), any: fc.jsonValue() }),
        ),
        (value) => {
          let message: Point | undefined;
          try {
            message = point.fromJSON(value);
          } catch (error) {
            expect(error).toBeInstanceOf(json.JsonMismatch);
          }
          expect(message === undefined || point.fromJSON(written(message))).toEqual(message ?? true);
        },
      ),
    );
  });
});

describe("numbers as JSON", () => {
  const read = <T>(type: json.JsonType<T>, value: unknown): T => type.read(value, 0);

  test.each<[title: string, type: json.JsonType<unknown>, value: unknown, result: unknown]>([
    ["an integer as a text", json.int32, "-12", -12],
    ["an integer with an exponent", json.int32, "1e3", 1000],
    ["an integer with a point", json.uint32, 5.0, 5],
    ["minus zero", json.int32, -0, 0],
    ["a long with an exponent", json.int64, "1e3", 1000n],
    ["the least long", json.int64, "-9223372036854775808", -(2n ** 63n)],
    ["the greatest unsigned long", json.uint64AsString, "18446744073709551615", "18446744073709551615"],
    ["a long as a number", json.int64AsNumber, "-9007199254740991", -9007199254740991],
    ["a double as a text", json.double, "1.5e300", 1.5e300],
    ["NaN", json.double, "NaN", Number.NaN],
    ["infinity", json.float, "-Infinity", Number.NEGATIVE_INFINITY],
    ["the greatest float", json.float, 3.4028234663852886e38, 3.4028234663852886e38],
    ["base64 for URLs, without padding", json.bytes, "-_8", Uint8Array.of(0xfb, 0xff)],
  ])("%s is read", (_, type, value, result) => {
    expect(read(type, value)).toEqual(result);
  });

  test.each<[title: string, type: json.JsonType<unknown>, value: unknown]>([
    ["an empty text", json.int32, ""],
    ["a text with a space", json.int32, " 1"],
    ["hexadecimal", json.int64, "0x10"],
    ["a plus sign", json.int64, "+1"],
    ["a leading zero", json.int64, "01"],
    ["a fraction of a long", json.int64, "1.5"],
    ["a long too large", json.int64, "9223372036854775808"],
    ["a long of a thousand digits", json.uint64, "9".repeat(1000)],
    ["a long that no number holds", json.uint64AsNumber, "9007199254740992"],
    ["a float too large", json.float, 3.5e38],
    ["a double too large", json.double, "1e999"],
    ["true for a number", json.double, true],
    ["1 for true", json.bool, 1],
  ])("%s is refused", (_, type, value) => {
    expect(() => read(type, value)).toThrow(json.JsonMismatch);
  });

  test("NaN and the infinities are written as texts, longs too, unless they are numbers", () => {
    expect(json.double.write(Number.NaN)).toBe("NaN");
    expect(json.float.write(Number.NEGATIVE_INFINITY)).toBe("-Infinity");
    expect(json.int64.write(-5n)).toBe("-5");
    expect(json.uint64AsString.write("5")).toBe("5");
    expect(json.uint64AsNumber.write(5)).toBe(5);
  });
});

describe("Google's types as JSON", () => {
  test.each<[text: string, date: string]>([
    ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"],
    ["2026-01-02T03:04:05.678999999+02:00", "2026-01-02T01:04:05.678Z"],
    ["1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500Z"],
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"],
    ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"],
  ])("the time %s", (text, date) => {
    const read = json.timestamp.read(text, 0);
    expect(read.toISOString()).toBe(date);
    expect(json.timestamp.read(json.timestamp.write(read), 0)).toEqual(read);
  });

  test("a time has as many digits as it needs: none, three, six or nine", () => {
    const time = json.timestampMessage(json.int64);
    const texts = [0, 250_000_000, 250_000, 1].map((nanos) => time.toJSON({ seconds: 0n, nanos }));
    expect(texts).toEqual([
      "1970-01-01T00:00:00Z",
      "1970-01-01T00:00:00.250Z",
      "1970-01-01T00:00:00.000250Z",
      "1970-01-01T00:00:00.000000001Z",
    ]);
    expect(texts.map((text) => time.fromJSON(text).nanos)).toEqual([0, 250_000_000, 250_000, 1]);
  });

  test("a time that JSON cannot say is not written", () => {
    expect(() => json.timestamp.write(new Date(Number.NaN))).toThrow("cannot be said in JSON");
    expect(() => json.timestamp.write(new Date(253_402_300_800_000))).toThrow("a time of 253402300800 seconds");
    expect(() => json.durationMessage(json.int64).toJSON({ seconds: 1n, nanos: -1 })).toThrow(
      "a duration of 1 seconds and -1",
    );
  });

  test.each<[text: string, seconds: number, nanos: number]>([
    ["0s", 0, 0],
    ["1.500s", 1, 500_000_000],
    ["-0.000000001s", 0, -1],
    ["-315576000000s", -315_576_000_000, 0],
  ])("the duration %s", (text, seconds, nanos) => {
    const duration = json.durationMessage(json.int64AsNumber);
    expect(duration.fromJSON(text)).toEqual({ seconds, nanos });
    expect(duration.toJSON({ seconds, nanos })).toBe(text);
  });

  test.each(["", "1", "1,5s", "s", "1.0000000001s", "315576000001s", "+1s", 5, null])("%j is no duration", (value) => {
    expect(() => json.durationMessage(json.int64).fromJSON(value)).toThrow(json.JsonMismatch);
  });

  test("a field mask is one text, in lowerCamelCase", () => {
    expect(json.fieldMask.write(["user.display_name", "x"])).toBe("user.displayName,x");
    expect(json.fieldMask.read("user.displayName,x", 0)).toEqual(["user.display_name", "x"]);
    expect(json.fieldMask.read("", 0)).toEqual([]);
    expect(() => json.fieldMask.read("display_name", 0)).toThrow(json.JsonMismatch);
    expect(() => json.fieldMask.write(["displayName"])).toThrow('the path "displayName" of a field mask');
  });

  test("a Struct keeps a key called __proto__, and is not nested without end", () => {
    const value: unknown = JSON.parse('{ "__proto__": { "a": 1 } }');
    expect(JSON.stringify(json.structMessage.toJSON(json.structMessage.fromJSON(value)))).toBe('{"__proto__":{"a":1}}');
    let deep: unknown = {};
    for (let level = 0; level < 200; level++) {
      deep = { a: deep };
    }
    expect(() => json.struct.read(deep, 0)).toThrow("nested deeper than 100");
  });

  test("a Value with nothing in it is not written", () => {
    expect(() => json.valueMessage.toJSON({ kind: undefined })).toThrow("nothing in it");
    expect(json.valueMessage.toJSON({ kind: { $case: "nullValue", value: 0 } })).toBeNull();
    expect(json.valueMessage.fromJSON([1])).toEqual({ kind: { $case: "listValue", value: [1] } });
  });
});
