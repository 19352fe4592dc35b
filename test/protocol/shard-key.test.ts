import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { enumeration } from "../../runtime/protocol/json/index.js";
import { readJsonShardKey } from "../../runtime/protocol/json-shard-key.js";
import { readShardKey, type ShardKey, type ShardKeyType } from "../../runtime/protocol/shard-key.js";
import { encodeJson } from "../../runtime/protocol/utf8.js";
import { hex } from "./hex.js";

/** `string id = 1;` */
const id: ShardKey = { path: [{ tag: 0x0a }], type: "string", json: { path: ["id"] } };
/** `Match match = 2;`, and in it `oneof which { uint32 match_id = 1; fixed64 other = 2; string name = 3; }` */
const inMatch: ShardKey = {
  path: [{ tag: 0x12 }, { tag: 0x08, rivals: [0x11, 0x1a] }],
  type: "uint32",
  json: { path: ["match", ["matchId", "match_id"]] },
};
/** `group Place = 3 { string id = 1; }` */
const inGroup: ShardKey = { path: [{ tag: 0x1b }, { tag: 0x0a }], type: "string" };
const of = (type: ShardKeyType, tag: number, more: Partial<ShardKey> = {}): ShardKey => ({
  path: [{ tag }],
  type,
  json: { path: ["id"] },
  ...more,
});

function read(key: ShardKey, payload: Uint8Array): string {
  return readShardKey(payload, 0, payload.length, key);
}

function readJson(key: ShardKey, text: string): string {
  const payload = new TextEncoder().encode(text);
  return readJsonShardKey(payload, 0, payload.length, key);
}

/** What the reader says of bytes that it refuses. */
function refusal(action: () => string): unknown {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(NanowireError);
    return error;
  }
  throw new Error("it was not refused");
}

describe("a shard key in protobuf", () => {
  test.each<[what: string, key: ShardKey, bytes: string, value: string]>([
    ["that is a text", id, "0a 02 61 62", "ab"],
    ["that is not there", id, "", ""],
    ["that is not there, and has a default", { ...id, default: "x" }, "10 01", "x"],
    ["that is empty, and has a default", { ...id, default: "x" }, "0a 00", ""],
    ["that stands twice", id, "0a 01 61 10 01 0a 01 62", "b"],
    [
      "behind a varint, 8 and 4 bytes, and a text",
      id,
      "10 ff 01 19 0102030405060708 25 01020304 2a 01 0a 0a 01 61",
      "a",
    ],
    ["behind groups in groups", id, "13 0a 01 78 1b 0a 01 79 1c 14 0a 01 61", "a"],
    ["of a tag in more bytes than it needs", id, "8a 80 00 01 61", "a"],
    ["of its number, but another wire type", id, "08 05", ""],
    ["that is no UTF-8, as the codecs read it", id, "0a 01 ff", "\uFFFD"],
    ["in a message", inMatch, "12 02 08 05", "5"],
    ["in a message that is empty", inMatch, "12 00", "0"],
    ["in a message that stands twice: they are not merged", inMatch, "12 02 08 05 12 00", "0"],
    ["in a message that stands twice, and both have it", inMatch, "12 02 08 05 12 02 08 06", "6"],
    ["whose place another of its oneof took", inMatch, "12 05 08 05 1a 01 78", "0"],
    ["that took the place of another", inMatch, "12 0b 11 0102030405060708 08 05", "5"],
    ["whose rival has another wire type, and is none", inMatch, "12 04 08 05 10 01", "5"],
    ["in a group", inGroup, "1b 0a 01 61 1c", "a"],
    ["in a group that has a group", inGroup, "1b 13 0a 01 62 14 0a 01 61 1c 10 01", "a"],
    ["that is an int32", of("int32", 0x08), "08 ff ff ff ff ff ff ff ff ff 01", "-1"],
    ["that is a sint32", of("sint32", 0x08), "08 03", "-2"],
    ["that is a uint32", of("uint32", 0x08), "08 ff ff ff ff 0f", "4294967295"],
    ["that is a fixed32", of("fixed32", 0x0d), "0d ff ff ff ff", "4294967295"],
    ["that is an sfixed32", of("sfixed32", 0x0d), "0d ff ff ff ff", "-1"],
    ["that is an int64", of("int64", 0x08), "08 80 80 80 80 80 80 80 80 80 01", "-9223372036854775808"],
    ["that is a sint64", of("sint64", 0x08), "08 ff ff ff ff ff ff ff ff ff 01", "-9223372036854775808"],
    ["that is a uint64", of("uint64", 0x08), "08 ff ff ff ff ff ff ff ff ff 01", "18446744073709551615"],
    ["that is a fixed64", of("fixed64", 0x09), "09 ff ff ff ff ff ff ff ff", "18446744073709551615"],
    ["that is an sfixed64", of("sfixed64", 0x09), "09 ff ff ff ff ff ff ff ff", "-1"],
    ["that is a bool", of("bool", 0x08), "08 01", "true"],
    ["that is a bool, and any number but 0", of("bool", 0x08), "08 80 80 80 80 10", "true"],
    ["that is a bool, and not there", of("bool", 0x08), "", "false"],
    ["that is an enum", of("enum", 0x08), "08 fd ff ff ff ff ff ff ff ff 01", "-3"],
    ["that is bytes", of("bytes", 0x0a), "0a 03 00 0a ff", "000aff"],
  ])("%s", (_, key, bytes, value) => {
    const payload = hex(bytes);
    expect(read(key, payload)).toBe(value);
    // What lies around the request is not looked at.
    const around = new Uint8Array([0x0a, 0x01, ...payload, 0x0a, 0x01, 0x21]);
    expect(readShardKey(around, 2, 2 + payload.length, key)).toBe(value);
  });

  test.each<[what: string, key: ShardKey, bytes: string]>([
    ["a text that is cut", id, "0a 02 61"],
    ["a length that is cut", id, "0a"],
    ["a length of 4 GiB", id, "0a ff ff ff ff 0f 61"],
    ["a varint that does not end", of("uint32", 0x08), "08 ff"],
    ["a varint of 11 bytes", of("int64", 0x08), "08 ff ff ff ff ff ff ff ff ff ff 01"],
    ["a skipped varint that does not end", id, "10 ff ff"],
    ["a number that is cut", of("fixed64", 0x09), "09 01 02"],
    ["a skipped number that is cut", id, "25 01 02"],
    ["a tag that does not end", id, "ff ff ff ff ff ff ff ff ff ff"],
    ["a field of the number 0", id, "00"],
    ["a group of the number 0", id, "03 04"],
    ["wire type 6", id, "0e"],
    ["wire type 7 in a group", id, "13 0f 14"],
    ["the end of a group that has not begun", id, "0c 0a 01 61"],
    ["a group that does not end", id, "13 0a 01 61"],
    ["a group that another ends", id, "13 1c"],
    ["a message longer than the payload", inMatch, "12 03 08 05"],
    ["a field longer than its message", inMatch, "12 01 08 05"],
    ["a field that is skipped, longer than its message", inMatch, "12 02 22 05 08 05 08 05 08"],
    ["the group of the key without an end", inGroup, "1b 0a 01 61"],
    ["the group of the key with the end of another", inGroup, "1b 0a 01 61 14"],
    ["the end of the key's group in a message in it", inMatch, "12 03 08 05 14"],
  ])("is refused in %s", (_, key, bytes) => {
    const payload = hex(bytes);
    const error = refusal(() => read(key, payload));
    expect(error).toMatchObject({ code: "invalid_payload", scope: "request" });
    expect(String(error)).toContain(`the payload of ${payload.length} bytes has no shard key that can be read`);
    // More bytes behind the request's end make it no better.
    const around = new Uint8Array([...payload, ...new Uint8Array(32).fill(1)]);
    expect(refusal(() => readShardKey(around, 0, payload.length, key))).toMatchObject({ code: "invalid_payload" });
  });

  test("is found behind a million groups that lie in each other, or they are refused", () => {
    const depth = 1_000_000;
    const groups = new Uint8Array(depth * 2).fill(0x13, 0, depth).fill(0x14, depth);
    expect(read(id, Buffer.concat([groups, hex("0a 01 61")]))).toBe("a");
    expect(refusal(() => read(id, groups.subarray(0, depth)))).toMatchObject({ code: "invalid_payload" });
  });

  test("is a text, or the payload is refused, whatever it holds", () => {
    const keys = [id, inMatch, inGroup, of("int64", 0x08), of("bytes", 0x0a)];
    const tag = fc.constantFrom(0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x11, 0x12, 0x13, 0x14, 0x1a, 0x1b, 0x1c);
    const bytes = fc.array(fc.oneof(tag, fc.nat(3), fc.nat(255)), { maxLength: 40 });
    fc.assert(
      fc.property(fc.constantFrom(...keys), bytes, (key, payload) => {
        const whole = Uint8Array.from(payload);
        const outcomes = [...payload.keys()].map((end) => outcomeOf(() => readShardKey(whole, 0, end, key)));
        expect(outcomes.filter((outcome) => outcome !== "text" && outcome !== "invalid_payload")).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("a shard key in JSON", () => {
  const color = enumeration<number>("Color", [
    ["RED", 0],
    ["BLUE", 2],
  ]);
  const bytes = of("bytes", 0x0a);
  const colored = of("enum", 0x08, { json: { path: ["id"], enumeration: color } });
  /** `google.protobuf.Int64Value`. */
  const bare = of("int64", 0x08, { json: { path: [] } });

  test.each<[what: string, key: ShardKey, json: string, value: string]>([
    ["that is a text", id, '{"id":"ab"}', "ab"],
    ["that is not there", id, "{}", ""],
    ["of no bytes, which are {}", id, "", ""],
    ["that is null", { ...id, default: "x" }, '{"id":null}', "x"],
    ["that stands twice", id, '{"id":"a","id":"b"}', "b"],
    ["of a name that every object has", of("string", 0x0a, { json: { path: ["constructor"] } }), "{}", ""],
    ["called __proto__", of("string", 0x0a, { json: { path: ["__proto__"] } }), '{"__proto__":"a"}', "a"],
    ["in a message", inMatch, '{"match":{"matchId":5}}', "5"],
    ["by its name in the .proto", inMatch, '{"match":{"match_id":5}}', "5"],
    ["by both names", inMatch, '{"match":{"match_id":5,"matchId":6}}', "6"],
    ["in a message that is null", inMatch, '{"match":null}', "0"],
    ["behind what does not matter", inMatch, '{"x":[{}],"match":{"y":{},"matchId":"5"}}', "5"],
    ["that is a number as a text", of("int32", 0x08), '{"id":"-5"}', "-5"],
    ["that is a number with an exponent", of("int32", 0x08), '{"id":1e3}', "1000"],
    ["that is minus zero", of("int32", 0x08), '{"id":-0}', "0"],
    ["of 64 bits as a text", of("uint64", 0x08), '{"id":"18446744073709551615"}', "18446744073709551615"],
    ["of 64 bits as a number", of("int64", 0x08), '{"id":-9007199254740991}', "-9007199254740991"],
    ["that is a bool", of("bool", 0x08), '{"id":true}', "true"],
    ["that is an enum by its name", colored, '{"id":"BLUE"}', "2"],
    ["that is an enum by its number", colored, '{"id":2}', "2"],
    ["that is an enum by a number that has no name", colored, '{"id":-7}', "-7"],
    ["that is an enum whose names are not known", of("enum", 0x08), '{"id":2}', "2"],
    ["that is bytes", bytes, '{"id":"AAr/"}', "000aff"],
    ["that is bytes in the other alphabet, and not padded", bytes, '{"id":"_w"}', "ff"],
    ["that is the request itself", bare, '"7"', "7"],
  ])("%s", (_, key, json, value) => {
    expect(readJson(key, json)).toBe(value);
    const payload = new TextEncoder().encode(json);
    const around = new Uint8Array([0x22, ...payload, 0x22]);
    expect(readJsonShardKey(around, 1, 1 + payload.length, key)).toBe(value);
  });

  test.each<[what: string, key: ShardKey, json: string]>([
    ["no JSON", id, "{"],
    ["a number instead of a text", id, '{"id":5}'],
    ["a list", id, '{"id":["a"]}'],
    ["a request that is no object", id, '"id"'],
    ["a request that is null", id, "null"],
    ["a message that is no object", inMatch, '{"match":5}'],
    ["a message that is a list", inMatch, '{"match":[]}'],
    ["a number with a fraction", inMatch, '{"match":{"matchId":5.5}}'],
    ["a number too large", inMatch, '{"match":{"matchId":4294967296}}'],
    ["a number of 64 bits that JSON has rounded", of("int64", 0x08), '{"id":9007199254740993}'],
    ["a name that the enum has not", colored, '{"id":"GREEN"}'],
    ["no base64", bytes, '{"id":"?"}'],
    ["no bytes, where the request itself is the value", bare, ""],
    ["null, where the request itself is the value", bare, "null"],
  ])("is refused in %s, and what is there is not told", (_, key, json) => {
    const error = refusal(() => readJson(key, json));
    expect(error).toMatchObject({ code: "invalid_payload", scope: "request" });
    expect(error).not.toHaveProperty("cause");
    expect(String(error)).toBe(`NanowireError: the payload of ${json.length} bytes has no shard key that can be read`);
  });

  test("is refused in what is not UTF-8", () => {
    expect(refusal(() => readJsonShardKey(hex("7b 22 ff 22 3a 31 7d"), 0, 7, id))).toMatchObject({
      code: "invalid_payload",
    });
  });

  test("that a project without JSON does not know is a fault of the server's", () => {
    expect(refusal(() => readJson(inGroup, "{}"))).toMatchObject({ code: "internal" });
  });

  test("is a text, or the payload is refused, whatever it holds", () => {
    fc.assert(
      fc.property(fc.constantFrom(id, inMatch, bytes, colored, bare), fc.json({ maxDepth: 3 }), (key, text) => {
        const named = { match: { matchId: JSON.parse(text) }, id: JSON.parse(text) };
        for (const payload of [new TextEncoder().encode(text), encodeJson(named)]) {
          const outcome = outcomeOf(() => readJsonShardKey(payload, 0, payload.length, key));
          expect(["text", "invalid_payload"]).toContain(outcome);
        }
      }),
    );
  });
});

/** "text", or the code of the error. */
function outcomeOf(action: () => string): string {
  try {
    return typeof action() === "string" ? "text" : "something else";
  } catch (error) {
    return error instanceof NanowireError ? error.code : String(error);
  }
}
