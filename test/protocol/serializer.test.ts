import { describe, expect, it } from "vitest";
import { emptyMessage, type MessageCodec } from "../../runtime/protocol/codec.js";
import { jsonSerializer, protobufSerializer, serializerNames, serializers } from "../../runtime/protocol/serializer.js";
import { hex, toHex } from "./hex.js";
import { resultOf } from "./outcome.js";

/** A message of one byte, as if it were generated. */
const point: Required<Omit<MessageCodec<{ x: number }>, "redaction" | "wire">> = {
  protobuf: {
    encode: ({ x }) => ({ finish: () => Uint8Array.of(8, x) }),
    decode: (input) => ({ x: input[1] ?? 0 }),
  },
  json: {
    fromJSON: (value) => ({ x: Number((value as { x?: unknown }).x ?? 0) }),
    toJSON: ({ x }) => (x === 0 ? {} : { x }),
  },
};

const withoutJson: MessageCodec<{ x: number }> = { protobuf: point.protobuf };

describe("serializers", () => {
  it("go by the names of the handshake", () => {
    expect(serializerNames).toEqual(["protobuf", "json"]);
    expect(Object.keys(serializers)).toEqual(serializerNames);
    expect(serializerNames.map((name) => serializers[name].name)).toEqual(serializerNames);
    expect(serializers.protobuf).toBe(protobufSerializer);
    expect(serializers.json).toBe(jsonSerializer);
  });
});

describe("protobuf", () => {
  it("writes and reads with the protobuf codec", () => {
    expect(toHex(protobufSerializer.encode(withoutJson, { x: 5 }))).toBe("0805");
    expect(protobufSerializer.decode(withoutJson, hex("08 07"))).toEqual({ x: 7 });
    expect(protobufSerializer.decode(withoutJson, hex(""))).toEqual({ x: 0 });
  });
});

describe("JSON", () => {
  it("writes and reads with the JSON codec, in UTF-8", () => {
    const text: MessageCodec<string> = {
      protobuf: { encode: () => ({ finish: () => hex("") }), decode: () => "" },
      json: { fromJSON: (value) => (value as { text: string }).text, toJSON: (message) => ({ text: message }) },
    };
    expect(toHex(jsonSerializer.encode(text, "é😀"))).toBe(toHex(hex(`'{"text":"' c3 a9 f0 9f 98 80 '"}'`)));
    expect(jsonSerializer.decode(text, hex(`'{"text":"' c3 a9 f0 9f 98 80 '"}'`))).toBe("é😀");
  });

  it("never writes an empty payload, and reads one as {}", () => {
    expect(toHex(jsonSerializer.encode(point, { x: 0 }))).toBe(toHex(hex("'{}'")));
    expect(jsonSerializer.decode(point, hex(""))).toEqual({ x: 0 });
    expect(jsonSerializer.decode(point, hex("'{}'"))).toEqual({ x: 0 });
  });

  it.each([
    ["no JSON", "'x=5'"],
    ["half of it", `'{"x":'`],
    ["not UTF-8", `'{"x":"' ff '"}'`],
    ["a surrogate in UTF-8", `'{"x":"' ed a0 80 '"}'`],
  ])("does not read %s", (_, payload) => {
    expect(() => jsonSerializer.decode(point, hex(payload))).toThrow();
  });

  it("hands on what the codec throws", () => {
    const refusing: MessageCodec<number> = {
      protobuf: { encode: () => ({ finish: () => hex("") }), decode: () => 0 },
      json: {
        fromJSON: () => {
          throw new RangeError("x is no number");
        },
        toJSON: () => ({}),
      },
    };
    expect(() => jsonSerializer.decode(refusing, hex("'{}'"))).toThrow(new RangeError("x is no number"));
  });

  it("says so when the message was generated without JSON", () => {
    const missing = {
      error: "internal",
      scope: "request",
      message: "the message was generated without its JSON codec",
    };
    expect(resultOf(() => jsonSerializer.encode(withoutJson, { x: 1 }))).toEqual(missing);
    expect(resultOf(() => jsonSerializer.decode(withoutJson, hex("'{}'")))).toEqual(missing);
    expect(resultOf(() => jsonSerializer.decode(withoutJson, hex("")))).toEqual(missing);
  });
});

describe("emptyMessage", () => {
  it("is no bytes as protobuf, {} as JSON", () => {
    expect(toHex(protobufSerializer.encode(emptyMessage, undefined))).toBe("");
    expect(toHex(jsonSerializer.encode(emptyMessage, undefined))).toBe(toHex(hex("'{}'")));
  });

  it("is undefined, whatever was sent: fields of a later version are skipped", () => {
    expect(protobufSerializer.decode(emptyMessage, hex(""))).toBeUndefined();
    expect(protobufSerializer.decode(emptyMessage, hex("08 01"))).toBeUndefined();
    expect(jsonSerializer.decode(emptyMessage, hex(""))).toBeUndefined();
    expect(jsonSerializer.decode(emptyMessage, hex(`'{"a":1}'`))).toBeUndefined();
  });
});
