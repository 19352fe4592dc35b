// A gate's file, and hot there: every call that is forwarded by its shard key is read here. No client needs it.

import { NanowireError } from "../base/error.js";
import type { JsonEnum, JsonName } from "./json/json-message.js";
import { BinaryReader } from "./wire/binary-reader.js";
import { readFixed32, readFixed64, readSfixed32, readSfixed64 } from "./wire/read-fixed.js";
import { readBool, readInt32, readInt64, readSint32, readSint64, readUint64 } from "./wire/read-varints.js";
import { bit32, bit64, endGroup, lengthDelimited, startGroup, varint } from "./wire/wire-type.js";

/** The types that a shard key may have, as a .proto names them; `enum` for every enum. */
export type ShardKeyType =
  | "int32"
  | "sint32"
  | "uint32"
  | "fixed32"
  | "sfixed32"
  | "int64"
  | "sint64"
  | "uint64"
  | "fixed64"
  | "sfixed64"
  | "bool"
  | "enum"
  | "string"
  | "bytes";

/**
 * Where in a request the value stands by which a gate chooses the node that handles it: `(nanowire.method).shard_key`, as the
 * generator describes it.
 */
export interface ShardKey {
  /** The fields that lead to it, the request's own first, the one with the value last. */
  readonly path: readonly ShardKeyStep[];
  /** The type of the last one. */
  readonly type: ShardKeyType;
  /** The key of a request that has no such field. Default: that of zero, of false, or of what is empty. */
  readonly default?: string;
  /** Where it stands in JSON. Default: nowhere, the project was generated without JSON. */
  readonly json?: ShardKeyJson;
}

/** A field on the way to a shard key. */
export interface ShardKeyStep {
  /** What stands before it in protobuf: 8 times the field's number, and its wire type. */
  readonly tag: number;
  /** The tags of the other fields of its oneof: each takes the place of what came before. Default: it is in none. */
  readonly rivals?: readonly number[];
}

/** A shard key's place in JSON. */
export interface ShardKeyJson {
  /** What the fields of the path are called. Empty where the request itself is the value, as a google.protobuf.StringValue is. */
  readonly path: readonly JsonName[];
  /** Reads an enum's values. Only for the type `enum`. */
  readonly enumeration?: JsonEnum<number>;
}

/**
 * Reads a request's shard key from its protobuf, of which it looks at no more than it must. The key is a text, the same whether the
 * request came as protobuf or as JSON: a number in digits, `true` or `false`, a string as it is, bytes in hex.
 *
 * What stands twice counts as with every codec of this package: the last one does, also of messages, which are not merged.
 *
 * @param payload the request is `payload[start..end)`; nothing of it is kept
 * @throws NanowireError `invalid_payload` when it is no protobuf, as far as it is looked at
 */
export function readShardKey(payload: Uint8Array, start: number, end: number, key: ShardKey): string {
  try {
    return readMessage(new BinaryReader(payload, start, end), key, 0, end) ?? absentKey(key);
  } catch (error) {
    throw new NanowireError("invalid_payload", unreadableKey(start, end), { cause: error });
  }
}

/** The key of a request without it. */
export function absentKey({ default: said, type }: ShardKey): string {
  return said ?? (type === "string" || type === "bytes" ? "" : type === "bool" ? "false" : "0");
}

/** A key of bytes. */
export function bytesKey(value: Uint8Array): string {
  let text = "";
  for (const byte of value) {
    text += byte < 0x10 ? `0${byte.toString(16)}` : byte.toString(16);
  }
  return text;
}

/** What is said of a payload whose key cannot be read: not what it holds. */
export function unreadableKey(start: number, end: number): string {
  return `the payload of ${end - start} bytes has no shard key that can be read`;
}

/**
 * Reads a message up to its end, and the key in it.
 *
 * @param depth which step of the path is looked for in it
 * @param end where it ends; of a group, where it ends at the latest
 * @param group the group's number; 0 for what is none
 * @returns undefined when it is not there
 */
function readMessage(reader: BinaryReader, key: ShardKey, depth: number, end: number, group = 0): string | undefined {
  const step = key.path[depth];
  let found: string | undefined;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === step?.tag) {
      found = depth + 1 < key.path.length ? readInner(reader, key, depth + 1, end, tag) : readValue(reader, key.type);
    } else if ((tag & 7) === endGroup && tag >>> 3 === group && group !== 0) {
      return found;
    } else {
      if (step?.rivals?.includes(tag)) {
        found = undefined;
      }
      skip(reader, tag);
    }
    if (reader.pos > end) {
      throw new RangeError("a field that is longer than its message");
    }
  }
  if (group !== 0) {
    throw new RangeError("a group without an end");
  }
  return found;
}

function readInner(reader: BinaryReader, key: ShardKey, depth: number, end: number, tag: number): string | undefined {
  if ((tag & 7) === startGroup) {
    return readMessage(reader, key, depth, end, tag >>> 3);
  }
  const length = reader.uint32();
  const innerEnd = reader.pos + length;
  if (innerEnd > end) {
    throw new RangeError("a message that is longer than the one around it");
  }
  return readMessage(reader, key, depth, innerEnd);
}

function readValue(reader: BinaryReader, type: ShardKeyType): string {
  switch (type) {
    case "string":
      return reader.string();
    case "bytes":
      return bytesKey(reader.bytes());
    case "bool":
      return String(readBool(reader));
    case "int32":
    case "enum":
      return String(readInt32(reader));
    case "uint32":
      return String(reader.uint32());
    case "sint32":
      return String(readSint32(reader));
    case "fixed32":
      return String(readFixed32(reader));
    case "sfixed32":
      return String(readSfixed32(reader));
    case "int64":
      return String(readInt64(reader));
    case "uint64":
      return String(readUint64(reader));
    case "sint64":
      return String(readSint64(reader));
    case "fixed64":
      return String(readFixed64(reader));
    case "sfixed64":
      return String(readSfixed64(reader));
  }
}

/** Skips a field's value: other than the reader's own way it makes no view of it, and does not call itself for groups in groups. */
function skip(reader: BinaryReader, tag: number): void {
  skipValue(reader, tag);
  if ((tag & 7) !== startGroup) {
    return;
  }
  const open = [tag >>> 3];
  while (open.length > 0) {
    const inner = reader.uint32();
    if ((inner & 7) === endGroup) {
      if (open.pop() !== inner >>> 3) {
        throw new RangeError("the end of another group");
      }
      continue;
    }
    skipValue(reader, inner);
    if ((inner & 7) === startGroup) {
      open.push(inner >>> 3);
    }
  }
}

/** Skips a value that is no group; of one that is, nothing. */
function skipValue(reader: BinaryReader, tag: number): void {
  if (tag >>> 3 === 0) {
    throw new RangeError("a field of the number 0");
  }
  switch (tag & 7) {
    case varint:
      skipVarint(reader);
      return;
    case bit64:
      reader.take(8);
      return;
    case lengthDelimited:
      reader.take(reader.uint32());
      return;
    case startGroup:
      return;
    case bit32:
      reader.take(4);
      return;
    default:
      throw new RangeError(`the wire type ${tag & 7} where none may be`);
  }
}

function skipVarint(reader: BinaryReader): void {
  const { input, len } = reader;
  while (reader.pos < len) {
    if ((input[reader.pos++] as number) < 0x80) {
      return;
    }
  }
  throw new RangeError("a varint without an end");
}
