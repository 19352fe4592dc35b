import { NanowireError } from "../base/error.js";
import type { MessageCodec } from "./codec.js";

/** The serializers that there are, as a handshake names them. */
export const serializerNames = ["protobuf", "json"] as const;

/** A serializer's name. */
export type SerializerName = (typeof serializerNames)[number];

/** Makes payloads of messages, and messages of payloads. Each connection has one, from its handshake on. */
export interface Serializer {
  readonly name: SerializerName;
  /** Makes a payload, which the caller owns. Throws when the message does not fit its type. */
  encode<T>(codec: MessageCodec<T>, message: T): Uint8Array;
  /** Makes a message; a `bytes` field may be a view into the payload. Throws when the payload is no such message. */
  decode<T>(codec: MessageCodec<T>, payload: Uint8Array): T;
}

/** Payloads are protobuf. */
export const protobufSerializer: Serializer = {
  name: "protobuf",
  encode: (codec, message) => codec.protobuf.encode(message).finish(),
  decode: (codec, payload) => codec.protobuf.decode(payload),
};

/** Payloads are protobuf's JSON in UTF-8. An empty payload is read as `{}`. */
export const jsonSerializer: Serializer = {
  name: "json",
  encode: (codec, message) => utf8.encode(JSON.stringify(jsonOf(codec).toJSON(message))),
  decode: (codec, payload) =>
    jsonOf(codec).fromJSON(payload.length === 0 ? {} : JSON.parse(strictUtf8.decode(payload))),
};

/** The serializers by their names. */
export const serializers: Readonly<Record<SerializerName, Serializer>> = {
  protobuf: protobufSerializer,
  json: jsonSerializer,
};

function jsonOf<T>(codec: MessageCodec<T>): NonNullable<MessageCodec<T>["json"]> {
  if (codec.json === undefined) {
    throw new NanowireError("internal", "the message was generated without its JSON codec");
  }
  return codec.json;
}

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true });
