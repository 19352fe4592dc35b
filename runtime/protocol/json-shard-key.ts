import { NanowireError } from "../base/error.js";
import { type JsonEnum, named } from "./json/json-message.js";
import { bool, bytes, int32, int64, string, uint32, uint64 } from "./json/json-scalars.js";
import { isJsonObject, type JsonScalar, mismatch } from "./json/json-type.js";
import {
  absentKey,
  bytesKey,
  type ShardKey,
  type ShardKeyJson,
  type ShardKeyType,
  unreadableKey,
} from "./shard-key.js";

/**
 * Reads a request's shard key from its JSON: the same text as readShardKey of shard-key.ts, of all that the generated JSON codecs take. An empty
 * payload is `{}`.
 *
 * @param payload the request is `payload[start..end)`; nothing of it is kept
 * @throws NanowireError `invalid_payload` when it is no JSON, or something else stands where the key should; `internal` when the project
 * was generated without JSON
 */
export function readJsonShardKey(payload: Uint8Array, start: number, end: number, key: ShardKey): string {
  if (key.json === undefined) {
    throw new NanowireError("internal", "the method was generated without JSON: its shard key is in protobuf only");
  }
  try {
    const request: unknown = start === end ? {} : JSON.parse(strictUtf8.decode(payload.subarray(start, end)));
    return readJson(request, key, key.json, 0);
  } catch {
    // What was wrong is not told: it would show values, and a field may be marked `debug_redact`.
    throw new NanowireError("invalid_payload", unreadableKey(start, end));
  }
}

function readJson(json: unknown, key: ShardKey, place: ShardKeyJson, depth: number): string {
  const name = place.path[depth];
  if (name === undefined) {
    return readJsonValue(json, key.type, place.enumeration);
  }
  if (!isJsonObject(json)) {
    throw mismatch("an object", json);
  }
  const value = named(name).take(json);
  return value === undefined ? absentKey(key) : readJson(value, key, place, depth + 1);
}

function readJsonValue(json: unknown, type: ShardKeyType, enumeration: JsonEnum<number> | undefined): string {
  if (type === "bytes") {
    return bytesKey(bytes.read(json, 0));
  }
  const scalar: JsonScalar<unknown> = type === "enum" ? (enumeration ?? int32) : scalars[type];
  return String(scalar.read(json, 0));
}

const scalars = {
  int32,
  sint32: int32,
  uint32,
  fixed32: uint32,
  sfixed32: int32,
  int64,
  sint64: int64,
  uint64,
  fixed64: uint64,
  sfixed64: int64,
  bool,
  string,
} as const satisfies Readonly<Record<Exclude<ShardKeyType, "bytes" | "enum">, JsonScalar<unknown>>>;

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });
