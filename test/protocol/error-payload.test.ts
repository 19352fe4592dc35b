import { create, createFileRegistry, type DescMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { decodeErrorPayload, encodeErrorPayload } from "../../runtime/protocol/error-payload.js";
import { serializerNames, serializers } from "../../runtime/protocol/serializer.js";
import { toHex } from "./hex.js";
import { badErrorVectors, canonicalErrorVectors, errorVectors } from "./vectors.js";

describe("error payloads that are read", () => {
  it.each(errorVectors)("$serializer: $name", ({ serializer, payload, code, message, details }) => {
    const error = decodeErrorPayload(payload, serializers[serializer]);
    expect(error).toBeInstanceOf(NanowireError);
    expect({ code: error.code, message: error.message, details: error.details }).toEqual({ code, message, details });
    expect(error.scope).toBe("request");
    expect(error.cause).toBeUndefined();
  });
});

describe("error payloads that are written", () => {
  it.each(canonicalErrorVectors)("$serializer: $name", ({ serializer, payload, code, message, details }) => {
    const error = new NanowireError(code, message, { details, cause: new Error("secret"), scope: "connection" });
    expect(toHex(encodeErrorPayload(error, serializers[serializer]))).toBe(toHex(payload));
  });
});

describe("error payloads that cannot be read become invalid_response", () => {
  it.each(badErrorVectors)("$serializer: $name", ({ serializer, payload }) => {
    const error = decodeErrorPayload(payload, serializers[serializer]);
    expect(error).toBeInstanceOf(NanowireError);
    expect(error).toMatchObject({ code: "invalid_response", scope: "request", details: {} });
    expect(error.cause).toBeInstanceOf(Error);
  });
});

describe("a __proto__ in the metadata", () => {
  it.each(serializerNames)("%s: is a key like any other", (serializer) => {
    const details = JSON.parse(`{"__proto__":"v","constructor":"w"}`) as Record<string, string>;
    const decoded = decodeErrorPayload(
      encodeErrorPayload(new NanowireError("c", "m", { details }), serializers[serializer]),
      serializers[serializer],
    );
    expect(Object.entries(decoded.details)).toEqual([
      ["__proto__", "v"],
      ["constructor", "w"],
    ]);
    expect(Object.getPrototypeOf(decoded.details)).toBe(Object.prototype);
  });

  it("json: an object there changes no prototype", () => {
    const payload = new TextEncoder().encode(
      `{"code":"c","metadata":{"__proto__":{"polluted":true}},"__proto__":{"msg":"m"}}`,
    );
    const decoded = decodeErrorPayload(payload, serializers.json);
    expect(decoded.message).toBe("");
    expect(Object.getPrototypeOf(decoded.details)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

/** pitaya's Error as protobuf-es sees it: an implementation that is not ours to compare with. */
function pitayaError(): DescMessage {
  const { STRING, MESSAGE } = FieldDescriptorProto_Type;
  const { OPTIONAL, REPEATED } = FieldDescriptorProto_Label;
  const text = (name: string, number: number) => ({ name, number, type: STRING, label: OPTIONAL, jsonName: name });
  const file = create(FileDescriptorProtoSchema, {
    name: "error.proto",
    package: "protos",
    syntax: "proto3",
    messageType: [
      {
        name: "Error",
        field: [
          text("code", 1),
          text("msg", 2),
          {
            name: "metadata",
            number: 3,
            type: MESSAGE,
            label: REPEATED,
            typeName: ".protos.Error.MetadataEntry",
            jsonName: "metadata",
          },
        ],
        nestedType: [{ name: "MetadataEntry", field: [text("key", 1), text("value", 2)], options: { mapEntry: true } }],
      },
    ],
  });
  const message = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] })).getMessage("protos.Error");
  if (message === undefined) {
    throw new Error("the descriptor is wrong");
  }
  return message;
}

describe("properties", () => {
  const text = fc.string({ unit: "binary", maxLength: 200 });
  const someText = fc.string({ unit: "binary", minLength: 1, maxLength: 200 });
  const details = fc.dictionary(
    text.filter((key) => key !== "__proto__"),
    text,
    { noNullPrototype: true },
  );
  const schema = pitayaError();

  it.each(serializerNames)("%s: an error that is encoded is decoded", (serializer) => {
    fc.assert(
      fc.property(text, text, details, (code, message, metadata) => {
        const payload = encodeErrorPayload(
          new NanowireError(code, message, { details: metadata }),
          serializers[serializer],
        );
        const decoded = decodeErrorPayload(payload, serializers[serializer]);
        expect({ code: decoded.code, message: decoded.message, details: decoded.details }).toEqual({
          code,
          message,
          details: metadata,
        });
      }),
    );
  });

  it("protobuf-es writes the same bytes, and reads them", () => {
    fc.assert(
      fc.property(someText, someText, details, (code, msg, metadata) => {
        const ours = encodeErrorPayload(new NanowireError(code, msg, { details: metadata }), serializers.protobuf);
        const theirs = create(schema, { code, msg, metadata });
        expect(toHex(ours)).toBe(toHex(toBinary(schema, theirs)));
        expect(fromBinary(schema, ours)).toEqual(theirs);
      }),
    );
  });

  it("protobuf-es reads ours when code and message are empty, too", () => {
    fc.assert(
      fc.property(fc.constantFrom("", "c"), fc.constantFrom("", "m"), details, (code, msg, metadata) => {
        const ours = encodeErrorPayload(new NanowireError(code, msg, { details: metadata }), serializers.protobuf);
        expect(fromBinary(schema, ours)).toEqual(create(schema, { code, msg, metadata }));
      }),
    );
  });

  it("JSON is what JSON.parse reads", () => {
    fc.assert(
      fc.property(text, text, details, (code, msg, metadata) => {
        const payload = encodeErrorPayload(new NanowireError(code, msg, { details: metadata }), serializers.json);
        expect(JSON.parse(new TextDecoder().decode(payload))).toEqual({ code, msg, metadata });
      }),
    );
  });

  it.each(serializerNames)("%s: any bytes come to an error of the request", (serializer) => {
    const nearlyProtobuf = fc
      .array(
        fc.tuple(
          fc.constantFrom(0x0a, 0x12, 0x1a, 0x08, 0x3b, 0x3c, 0x45),
          fc.integer({ min: 0, max: 5 }),
          fc.uint8Array({ maxLength: 5 }),
        ),
      )
      .map((fields) => Uint8Array.from(fields.flatMap(([tag, length, bytes]) => [tag, length, ...bytes])));
    const nearlyJson = fc
      .record({ code: fc.jsonValue(), msg: fc.jsonValue(), metadata: fc.jsonValue() }, { requiredKeys: [] })
      .map((value) => new TextEncoder().encode(JSON.stringify(value)));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), nearlyProtobuf, nearlyJson), (payload) => {
        const error = decodeErrorPayload(payload, serializers[serializer]);
        expect(error).toBeInstanceOf(NanowireError);
        expect(error.scope).toBe("request");
        expect([typeof error.code, typeof error.message]).toEqual(["string", "string"]);
        expect(Object.values(error.details).every((value) => typeof value === "string")).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
