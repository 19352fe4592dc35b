import { type DescMessage, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { mendCodecs } from "../../generator/print/mend.js";
import { type LoadedCodec, loadCodecs } from "./support/generated-codecs.js";

/** What the codecs would do wrong if generator/print/mend.ts did not mend it. */
const files = {
  "a.proto": `
syntax = "proto3";
package a;
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "b.proto";
service S { rpc A(M) returns (Old); }
enum Kind { string = 0; delete = 1; KIND_THIRD = 2; }
message M {
  double number = 1;
  google.protobuf.Timestamp at = 2;
  google.protobuf.Struct struct = 3;
  map<string, int32> counts = 4;
  map<bool, int32> flags = 5;
  google.protobuf.Value value = 6;
  oneof one {
    google.protobuf.Value any = 7;
    google.protobuf.Int64Value wrapped = 8;
    int64 long = 9 [jstype = JS_STRING];
  }
  optional int64 maybe = 10 [jstype = JS_STRING];
  repeated fixed64 longs = 11 [jstype = JS_STRING];
  repeated sint64 loose = 12 [jstype = JS_NUMBER, packed = false];
  int32 constructor = 13;
  int32 to_string = 14;
  google.protobuf.Struct __proto__ = 15;
  Kind kind = 16;
  Boolean boolean = 17;
  google.protobuf.BoolValue yes = 18;
  old.Old old = 19;
}
message Boolean { int32 a = 1; }
message Old {}
message readInt32 { int32 a = 1; sint32 b = 2; repeated writeInt32 more = 3; }
message writeInt32 { int32 a = 1; }
`,
  "b.proto": `
syntax = "proto2";
package old;
message Old {
  required string name = 1;
  required group Inner = 2 { required int32 number = 1; }
  optional int32 size = 3 [default = 7];
}
`,
};

async function load(typeName: string): Promise<{ readonly type: DescMessage; readonly codec: LoadedCodec }> {
  const codecs = await loadCodecs(files);
  const type = codecs.registry.getMessage(typeName);
  if (type === undefined) {
    throw new Error(`there is no ${typeName}`);
  }
  return { type, codec: codecs.codec(typeName) };
}

const text = (codec: LoadedCodec, message: object): unknown => JSON.parse(JSON.stringify(codec.json?.toJSON(message)));

describe("the codecs", () => {
  test("tell minus zero from zero", async () => {
    const { codec } = await load("a.M");
    const empty = codec.decode(new Uint8Array());
    expect(codec.encode({ ...empty, number: 0 }).finish()).toHaveLength(0);
    const bytes = codec.encode({ ...empty, number: -0 }).finish();
    expect(Buffer.from(bytes).toString("hex")).toBe("090000000000000080");
    expect(codec.decode(bytes)).toMatchObject({ number: -0 });
  });

  test("call the functions of nanowire/wire, also where a message has the name of one", async () => {
    const { codec } = await load("a.readInt32");
    const message = { a: -1, b: -2, more: [{ a: 3 }] };
    const bytes = codec.encode(message).finish();
    expect(Buffer.from(bytes).toString("hex")).toBe("08ffffffffffffffffff0110031a020803");
    expect(codec.decode(bytes)).toEqual(message);
  });

  test("import none of them for what a comment says", () => {
    const text = [
      "import { BinaryReader } from '@bufbuild/protobuf/wire';",
      "/** As reader.bool() does. */",
      "/**",
      " * It calls writer.uint32(8).double(1).",
      " */",
      "message.at = reader.int64();",
    ].join("\n");
    const mended = text
      .replace("BinaryReader } from '@bufbuild/protobuf/wire'", "BinaryReader, readInt64 } from 'nanowire/wire'")
      .replace("reader.int64()", "readInt64(reader)");
    expect(mendCodecs(text, [])).toBe(mended);
  });

  test("count the nanoseconds of a time before 1970 up, as protobuf does", async () => {
    const { type, codec } = await load("a.M");
    const at = new Date(-500);
    const message: Message & { at?: { seconds: bigint; nanos: number } } = fromBinary(
      type,
      codec.encode({ ...codec.decode(new Uint8Array()), at }).finish(),
    );
    expect(message.at).toMatchObject({ seconds: -1n, nanos: 500_000_000 });
    expect(codec.decode(toBinary(type, message))).toMatchObject({ at });
  });

  test("keep a key called __proto__", async () => {
    const { codec } = await load("a.M");
    const struct: unknown = JSON.parse('{ "__proto__": { "a": 1 } }');
    const counts = new Map([["__proto__", 5]]);
    const again = codec.decode(codec.encode({ ...codec.decode(new Uint8Array()), struct, counts }).finish());
    expect(JSON.stringify(codec.json?.toJSON(again))).toBe('{"struct":{"__proto__":{"a":1}},"counts":{"__proto__":5}}');
    expect(codec.json?.fromJSON(codec.json.toJSON(again))).toEqual(again);
  });

  test("read true and false as the keys of a map, null as a value, and wrappers beside a message called Boolean", async () => {
    const { codec } = await load("a.M");
    const json = { flags: { true: 1, false: 2 }, value: null, any: null, yes: false, boolean: { a: 1 } };
    const message = codec.json?.fromJSON(json) ?? {};
    expect(message).toMatchObject({
      flags: new Map([
        [true, 1],
        [false, 2],
      ]),
      value: null,
      one: { $case: "any", value: null },
      yes: false,
    });
    expect(text(codec, message)).toEqual(json);
    expect(codec.json?.fromJSON({})).toMatchObject({ value: undefined, one: undefined });
  });

  test("take a field called constructor, toString or __proto__ as set when it is", async () => {
    const { codec } = await load("a.M");
    expect(codec.json?.fromJSON({})).toMatchObject({ constructor: 0, toString: 0, Proto: undefined });
    expect(codec.json?.fromJSON({ constructor: 1, to_string: 2, Proto: {} })).toMatchObject({
      constructor: 1,
      toString: 2,
      Proto: {},
    });
  });

  test("write 64-bit numbers that are strings or numbers, wherever they stand", async () => {
    const { codec } = await load("a.M");
    const most = "18446744073709551615";
    const message = {
      ...codec.decode(new Uint8Array()),
      one: { $case: "long", value: "-9223372036854775808" },
      maybe: "0",
      longs: ["0", most],
      loose: [-1, 9007199254740991],
    };
    expect(codec.decode(codec.encode(message).finish())).toEqual(message);
    expect(codec.json?.fromJSON(text(codec, message))).toEqual(message);
    expect(() => codec.encode({ ...message, longs: [`${most}0`] })).toThrow(`${most}0 is no fixed64`);
  });

  test("know a wrapper in a oneof", async () => {
    const { codec } = await load("a.M");
    const message = { ...codec.decode(new Uint8Array()), one: { $case: "wrapped", value: 0n } };
    expect(codec.decode(codec.encode(message).finish())).toEqual(message);
    expect(codec.json?.fromJSON(text(codec, message))).toEqual(message);
  });

  test("have values of enums that are called like nothing a type can be called", async () => {
    const { codec } = await load("a.M");
    expect(text(codec, { ...codec.decode(new Uint8Array()), kind: 1 })).toEqual({ kind: "delete" });
  });

  test("do not encode a message that lacks what it requires, in bytes or in JSON", async () => {
    const { codec } = await load("old.Old");
    const inner = { number: 0 };
    expect(Buffer.from(codec.encode({ name: "", inner }).finish()).toString("hex")).toBe("0a00130800" + "14");
    expect(() => codec.encode({ inner })).toThrow("the required field old.Old.name is not set");
    expect(() => codec.encode({ name: "" })).toThrow("the required field old.Old.inner is not set");
    expect(() => codec.encode({ name: "", inner: {} })).toThrow("the required field old.Old.Inner.number is not set");
    expect(() => codec.json?.toJSON({ inner })).toThrow("the required field old.Old.name is not set");
    expect(codec.decode(new Uint8Array())).toEqual({ name: undefined, inner: undefined, size: undefined });
  });
});
