// Messages of proto3 as tables of their fields: for what is said seldom, or kept.

import { BinaryReader } from "../protocol/wire/binary-reader.js";
import { BinaryWriter } from "../protocol/wire/binary-writer.js";
import { readInt64, readUint64 } from "../protocol/wire/read-varints.js";
import { writeInt64, writeUint64 } from "../protocol/wire/write-varints.js";

/** Writes a message, and reads it. Reading throws what the wire's reader throws. */
export interface MessageCodec<T> {
  encode(message: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

/** A field of a message, and how it is written and read. */
export interface Field<V> {
  readonly tag: number;
  /** What it is where it does not stand. */
  readonly empty: V;
  /** Writes it, with its tag; nothing where it is empty, as proto3 asks. */
  write(writer: BinaryWriter, value: V): void;
  /** Reads what comes behind its tag; `former` is what the same message had before. */
  read(reader: BinaryReader, former: V): V;
}

/** The fields of a message, by the names of its members. */
export type FieldsOf<T> = { readonly [Name in keyof T]-?: Field<T[Name]> };

/** A message of these fields, written in the order in which they stand. Others, and those that come with another wire type, are skipped. */
export function message<T extends object>(fields: FieldsOf<T>): MessageCodec<T> {
  const names = Object.keys(fields) as (keyof T)[];
  const byTag = new Map(names.map((name) => [fields[name].tag, name]));
  const none = Object.fromEntries(names.map((name) => [name, fields[name].empty])) as T;
  return {
    encode(values) {
      const writer = new BinaryWriter();
      for (const name of names) {
        fields[name].write(writer, values[name]);
      }
      return writer.finish();
    },
    decode(bytes) {
      const reader = new BinaryReader(bytes);
      const values = { ...none };
      while (reader.pos < reader.len) {
        const [number, wireType] = reader.tag();
        const name = byTag.get(tagOf(number, wireType));
        if (name === undefined) {
          reader.skip(wireType, number);
        } else {
          values[name] = fields[name].read(reader, values[name]);
        }
      }
      return values;
    },
  };
}

const varint = 0;
const lengthDelimited = 2;
const noBytes: Uint8Array = new Uint8Array(0);

export function text(number: number): Field<string> {
  return single(number, stringValue, "");
}

export function uint32(number: number): Field<number> {
  return single(number, uint32Value, 0);
}

export function int64(number: number): Field<bigint> {
  return single(number, int64Value, 0n);
}

export function uint64(number: number): Field<bigint> {
  return single(number, uint64Value, 0n);
}

export function bytes(number: number): Field<Uint8Array> {
  return single(number, bytesValue, noBytes, (value) => value.length === 0);
}

/** A message in a message; undefined where it does not stand. */
export function nested<T>(number: number, codec: MessageCodec<T>): Field<T | undefined> {
  const { wireType, write, read } = messageValue(codec);
  const tag = tagOf(number, wireType);
  return {
    tag,
    empty: undefined,
    write(writer, value) {
      if (value !== undefined) {
        write(writer.uint32(tag), value);
      }
    },
    read,
  };
}

export function texts(number: number): Field<readonly string[]> {
  return repeated(number, stringValue);
}

export function nestedList<T>(number: number, codec: MessageCodec<T>): Field<readonly T[]> {
  return repeated(number, messageValue(codec));
}

/** A value behind its tag. */
interface ValueType<V> {
  readonly wireType: number;
  readonly write: (writer: BinaryWriter, value: V) => void;
  readonly read: (reader: BinaryReader) => V;
}

const stringValue: ValueType<string> = {
  wireType: lengthDelimited,
  write: (writer, value) => writer.string(value),
  read: (reader) => reader.string(),
};

const bytesValue: ValueType<Uint8Array> = {
  wireType: lengthDelimited,
  write: (writer, value) => writer.bytes(value),
  read: (reader) => reader.bytes(),
};

const uint32Value: ValueType<number> = {
  wireType: varint,
  write: (writer, value) => writer.uint32(value),
  read: (reader) => reader.uint32(),
};

const int64Value: ValueType<bigint> = { wireType: varint, write: writeInt64, read: readInt64 };

const uint64Value: ValueType<bigint> = { wireType: varint, write: writeUint64, read: readUint64 };

function messageValue<T>({ encode, decode }: MessageCodec<T>): ValueType<T> {
  return {
    wireType: lengthDelimited,
    write: (writer, value) => writer.bytes(encode(value)),
    read: (reader) => decode(reader.bytes()),
  };
}

function single<V>(
  number: number,
  { wireType, write, read }: ValueType<V>,
  empty: V,
  isEmpty: (value: V) => boolean = (value) => value === empty,
): Field<V> {
  const tag = tagOf(number, wireType);
  return {
    tag,
    empty,
    write(writer, value) {
      if (!isEmpty(value)) {
        write(writer.uint32(tag), value);
      }
    },
    read,
  };
}

/** Any number of values, each with a tag of its own; also one that is empty. */
function repeated<V>(number: number, { wireType, write, read }: ValueType<V>): Field<readonly V[]> {
  const tag = tagOf(number, wireType);
  const empty: readonly V[] = [];
  return {
    tag,
    empty,
    write(writer, values) {
      for (const value of values) {
        write(writer.uint32(tag), value);
      }
    },
    read(reader, former) {
      // The first makes the array, which is this message's own; the others are appended, for a stranger may send millions.
      const values = former === empty ? [] : (former as V[]);
      values.push(read(reader));
      return values;
    },
  };
}

function tagOf(number: number, wireType: number): number {
  return ((number << 3) | wireType) >>> 0;
}
