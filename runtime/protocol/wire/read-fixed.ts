// Hot functions: numbers of a fixed size.

import type { BinaryReader } from "./binary-reader.js";
import { numberBytes, numbers } from "./numbers.js";

/** Reads a fixed32. */
export function readFixed32(reader: BinaryReader): number {
  return readFixed(reader, 4).getUint32(0, true);
}

/** Reads an sfixed32. */
export function readSfixed32(reader: BinaryReader): number {
  return readFixed(reader, 4).getInt32(0, true);
}

/** Reads a fixed64. */
export function readFixed64(reader: BinaryReader): bigint {
  return readFixed(reader, 8).getBigUint64(0, true);
}

/** Reads an sfixed64. */
export function readSfixed64(reader: BinaryReader): bigint {
  return readFixed(reader, 8).getBigInt64(0, true);
}

/** Reads a float. */
export function readFloat(reader: BinaryReader): number {
  return readFixed(reader, 4).getFloat32(0, true);
}

/** Reads a double. */
export function readDouble(reader: BinaryReader): number {
  return readFixed(reader, 8).getFloat64(0, true);
}

/** The next bytes, to be read as a number. */
function readFixed(reader: BinaryReader, count: number): DataView {
  const start = reader.take(count);
  const bytes = reader.input;
  for (let index = 0; index < count; index++) {
    numberBytes[index] = bytes[start + index] as number;
  }
  return numbers;
}
