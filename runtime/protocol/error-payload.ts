/*
 * The payload of a response with flag E (PROTOCOL.md, 2): pitaya's
 *
 *     message Error { string code = 1; string msg = 2; map<string, string> metadata = 3; }
 *
 * as protobuf, or the same as JSON where the connection's serializer is JSON.
 */

import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { NanowireError } from "../base/error.js";
import type { SerializerName } from "./serializer.js";

/** An error as it crosses the wire: code, message and details of the error, nothing else of it. */
export function encodeErrorPayload(error: NanowireError, serializer: SerializerName): Uint8Array {
  if (serializer === "json") {
    return utf8.encode(JSON.stringify({ code: error.code, msg: error.message, metadata: error.details }));
  }
  const writer = new BinaryWriter();
  writer.tag(1, WireType.LengthDelimited).string(error.code);
  writer.tag(2, WireType.LengthDelimited).string(error.message);
  for (const [key, value] of Object.entries(error.details)) {
    writer.tag(3, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(key);
    writer.tag(2, WireType.LengthDelimited).string(value);
    writer.join();
  }
  return writer.finish();
}

/** The error of an error payload. A payload that cannot be read becomes `invalid_response`. */
export function decodeErrorPayload(payload: Uint8Array, serializer: SerializerName): NanowireError {
  try {
    const { code, msg, metadata } = serializer === "json" ? decodeJson(payload) : decodeProtobuf(payload);
    return new NanowireError(code, msg, { scope: "request", details: metadata });
  } catch (error) {
    return new NanowireError("invalid_response", "the error reply cannot be read", { cause: error });
  }
}

interface ErrorPayload {
  code: string;
  msg: string;
  metadata: Record<string, string>;
}

function decodeProtobuf(payload: Uint8Array): ErrorPayload {
  const result = { code: "", msg: "" };
  const metadata: [string, string][] = [];
  const reader = new BinaryReader(payload);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1 && type === WireType.LengthDelimited) {
      result.code = reader.string();
    } else if (field === 2 && type === WireType.LengthDelimited) {
      result.msg = reader.string();
    } else if (field === 3 && type === WireType.LengthDelimited) {
      metadata.push(decodeEntry(reader.bytes()));
    } else {
      reader.skip(type, field);
    }
  }
  return { ...result, metadata: Object.fromEntries(metadata) };
}

function decodeEntry(bytes: Uint8Array): [string, string] {
  const entry: [string, string] = ["", ""];
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if ((field === 1 || field === 2) && type === WireType.LengthDelimited) {
      entry[field - 1] = reader.string();
    } else {
      reader.skip(type, field);
    }
  }
  return entry;
}

function decodeJson(payload: Uint8Array): ErrorPayload {
  const value: unknown = JSON.parse(strictUtf8.decode(payload));
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

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true });
