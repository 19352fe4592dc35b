import { NanowireError } from "../base/error.js";
import type { MessageCodec } from "./codec.js";
import { encodeJson } from "./utf8.js";

/** The serializers that ship, as a handshake names them. */
export const serializerNames = ["protobuf", "json"] as const;

/** A serializer's name, as a handshake tells it: `protobuf`, `json`, or that of one of your own. */
export type SerializerName = (typeof serializerNames)[number] | (string & {});

/**
 * Makes payloads of messages, and messages of payloads. Each connection has one, from its handshake on. One of your own
 * is handed to `createServer({ serializers })` and `connect(url, { serializers })`; it makes the error replies, too.
 */
export interface Serializer {
  /** What a handshake calls it (`sys.serializer`). Not empty. */
  readonly name: SerializerName;
  /** Whether it asks a codec for its `json`. A server that has a message without refuses its clients. Default: false. */
  readonly usesJson?: boolean;
  /**
   * What says as much as a payload of no bytes, for clients that refuse one. Default: such a payload goes out as it is.
   */
  readonly emptyPayload?: Uint8Array;
  /** Makes a payload, which the caller owns. Throws when the message does not fit its type. */
  encode<T>(codec: MessageCodec<T>, message: T): Uint8Array;
  /**
   * Makes a message; a `bytes` field may be a view into the payload. Throws when the payload is no such message: on a server it is a
   * stranger's, so whatever it holds is to be looked at (`codec.json.fromJSON` does).
   */
  decode<T>(codec: MessageCodec<T>, payload: Uint8Array): T;
}

/**
 * Payloads are protobuf. What stands for an empty one is a field 19000 that holds 0: the number is protobuf's own, so no
 * message has it, and every reader skips it.
 */
export const protobufSerializer: Serializer = {
  name: "protobuf",
  emptyPayload: /* @__PURE__ */ Uint8Array.of(0xc0, 0xa3, 0x09, 0x00),
  encode: (codec, message) => codec.protobuf.encode(message).finish(),
  decode: (codec, payload) => codec.protobuf.decode(payload),
};

/** Payloads are protobuf's JSON in UTF-8. An empty payload is read as `{}`, and never written. */
export const jsonSerializer: Serializer = {
  name: "json",
  usesJson: true,
  emptyPayload: /* @__PURE__ */ Uint8Array.of(0x7b, 0x7d),
  encode: (codec, message) => encodeJson(jsonOf(codec).toJSON(message)),
  decode: (codec, payload) =>
    jsonOf(codec).fromJSON(payload.length === 0 ? {} : JSON.parse(strictUtf8.decode(payload))),
};

/** The serializers that ship, by their names. */
export const serializers: Readonly<Record<(typeof serializerNames)[number], Serializer>> = {
  protobuf: protobufSerializer,
  json: jsonSerializer,
};

/**
 * The JSON codec of a message: what most serializers of one's own begin with.
 *
 * @throws NanowireError `internal` when there is none
 */
export function jsonOf<T>(codec: MessageCodec<T>): NonNullable<MessageCodec<T>["json"]> {
  if (codec.json === undefined) {
    throw new NanowireError("internal", "the message was generated without its JSON codec");
  }
  return codec.json;
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });
