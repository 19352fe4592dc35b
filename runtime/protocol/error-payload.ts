/*
 * The payload of a response with flag E (PROTOCOL.md, 2): pitaya's
 *
 *     message Error { string code = 1; string msg = 2; map<string, string> metadata = 3; }
 *
 * as protobuf, or as whatever else the connection's serializer makes of a message.
 */

import { NanowireError } from "../base/error.js";
import type { MessageCodec } from "./codec.js";
import type { Serializer } from "./serializer.js";
import { BinaryReader } from "./wire/binary-reader.js";
import { BinaryWriter } from "./wire/binary-writer.js";
import { lengthDelimited } from "./wire/wire-type.js";

/** An error as it crosses the wire: code, message and details of the error, nothing else of it. */
export function encodeErrorPayload(error: NanowireError, serializer: Serializer): Uint8Array {
  return serializer.encode(errorToWrite, { code: error.code, msg: error.message, metadata: error.details });
}

/** The error of an error payload. A payload that cannot be read becomes `invalid_response`. */
export function decodeErrorPayload(payload: Uint8Array, serializer: Serializer): NanowireError {
  return toError(() => serializer.decode(errorToRead, payload));
}

/** The same of a payload that is protobuf: a client that speaks nothing else carries nothing else. */
export function decodeErrorProtobuf(payload: Uint8Array): NanowireError {
  return toError(() => decodeProtobuf(payload));
}

interface ErrorPayload {
  readonly code: string;
  readonly msg: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Two codecs, each of which goes one way: a client, which only reads errors, carries no writer for them. */
const errorToWrite: MessageCodec<ErrorPayload> = {
  protobuf: { encode: encodeProtobuf, decode: oneWay },
  json: { toJSON: (error) => error, fromJSON: oneWay },
};

const errorToRead: MessageCodec<ErrorPayload> = {
  protobuf: { encode: oneWay, decode: decodeProtobuf },
  json: { toJSON: oneWay, fromJSON: fromJson },
};

function toError(decode: () => ErrorPayload): NanowireError {
  try {
    const { code, msg, metadata } = decode();
    return new NanowireError(code, msg, { scope: "request", details: metadata });
  } catch (error) {
    return new NanowireError("invalid_response", "the error reply cannot be read", { cause: error });
  }
}

function oneWay(): never {
  throw new TypeError("this codec goes the other way");
}

function encodeProtobuf({ code, msg, metadata }: ErrorPayload): BinaryWriter {
  const writer = new BinaryWriter();
  writer.uint32(tagOf(1)).string(code);
  writer.uint32(tagOf(2)).string(msg);
  for (const [key, value] of Object.entries(metadata)) {
    writer.uint32(tagOf(3)).fork();
    writer.uint32(tagOf(1)).string(key);
    writer.uint32(tagOf(2)).string(value);
    writer.join();
  }
  return writer;
}

/** The tag of a field with a length before it. */
function tagOf(field: number): number {
  return (field << 3) | lengthDelimited;
}

function decodeProtobuf(payload: Uint8Array): ErrorPayload {
  const entries: [string, string][] = [];
  const [code, msg] = decodeTexts(payload, (entry) => entries.push(decodeTexts(entry)));
  return { code, msg, metadata: Object.fromEntries(entries) };
}

/** The fields 1 and 2, which are texts in an error and in an entry of its metadata alike. */
function decodeTexts(bytes: Uint8Array, field3?: (bytes: Uint8Array) => void): [string, string] {
  const texts: [string, string] = ["", ""];
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (type === lengthDelimited && field < 3) {
      texts[field - 1] = reader.string();
    } else if (type === lengthDelimited && field === 3 && field3 !== undefined) {
      field3(reader.bytes());
    } else {
      reader.skip(type, field);
    }
  }
  return texts;
}

/** Takes what it can: an error reply that is not quite one tells more than none. */
function fromJson(value: unknown): ErrorPayload {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError("the error reply is not an object");
  }
  const { code, msg, metadata } = value as Partial<Record<string, unknown>>;
  const entries = typeof metadata === "object" && metadata !== null ? Object.entries(metadata) : [];
  return {
    code: typeof code === "string" ? code : "",
    msg: typeof msg === "string" ? msg : "",
    metadata: Object.fromEntries(entries.map(([key, text]) => [key, String(text)])),
  };
}
