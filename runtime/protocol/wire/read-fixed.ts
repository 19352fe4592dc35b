// Hot functions: numbers of a fixed size.

import type { BinaryReader } from "./binary-reader.js";
import { floats, words } from "./floats.js";
import { numbers } from "./numbers.js";

/** Reads a fixed32. */
export function readFixed32(reader: BinaryReader): number {
  return readSfixed32(reader) >>> 0;
}

/** Reads an sfixed32. */
export function readSfixed32(reader: BinaryReader): number {
  const bytes = reader.input;
  const start = reader.take(4);
  return (
    (bytes[start] as number) |
    ((bytes[start + 1] as number) << 8) |
    ((bytes[start + 2] as number) << 16) |
    ((bytes[start + 3] as number) << 24)
  );
}

/** Reads a fixed64. */
export function readFixed64(reader: BinaryReader): bigint {
  return readEight(reader).getBigUint64(0, true);
}

/** Reads an sfixed64. */
export function readSfixed64(reader: BinaryReader): bigint {
  return readEight(reader).getBigInt64(0, true);
}

/** Reads a float. */
export function readFloat(reader: BinaryReader): number {
  words[0] = readSfixed32(reader);
  return floats[0] as number;
}

/** Reads a double. */
export function readDouble(reader: BinaryReader): number {
  return readEight(reader).getFloat64(0, true);
}

/** The next eight bytes, to be read as a number. */
function readEight(reader: BinaryReader): DataView {
  numbers.setInt32(0, readSfixed32(reader), true);
  numbers.setInt32(4, readSfixed32(reader), true);
  return numbers;
}
