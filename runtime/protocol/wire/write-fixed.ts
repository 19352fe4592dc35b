// Hot functions: numbers of a fixed size.

import type { BinaryWriter } from "./binary-writer.js";
import { validFloat, validInt64, validInteger, validUint64 } from "./checks.js";
import { numberBytes, numbers } from "./numbers.js";

/** Writes a fixed32. */
export function writeFixed32(writer: BinaryWriter, value: number): void {
  numbers.setUint32(0, validInteger(value, 0, 0xffffffff, "fixed32"), true);
  copy(writer, 4);
}

/** Writes an sfixed32. */
export function writeSfixed32(writer: BinaryWriter, value: number): void {
  numbers.setInt32(0, validInteger(value, -0x80000000, 0x7fffffff, "sfixed32"), true);
  copy(writer, 4);
}

/** Writes a fixed64. */
export function writeFixed64(writer: BinaryWriter, value: bigint | number | string): void {
  numbers.setBigUint64(0, validUint64(value, "fixed64"), true);
  copy(writer, 8);
}

/** Writes an sfixed64. */
export function writeSfixed64(writer: BinaryWriter, value: bigint | number | string): void {
  numbers.setBigInt64(0, validInt64(value, "sfixed64"), true);
  copy(writer, 8);
}

/** Writes a float. A number too great for 32 bits of floating point throws; Infinity does not. */
export function writeFloat(writer: BinaryWriter, value: number): void {
  numbers.setFloat32(0, validFloat(value), true);
  copy(writer, 4);
}

/** Writes a double. */
export function writeDouble(writer: BinaryWriter, value: number): void {
  numbers.setFloat64(0, value, true);
  copy(writer, 8);
}

/** Writes the first bytes of what was put into {@link numbers}. */
function copy(writer: BinaryWriter, count: number): void {
  const start = writer.reserve(count);
  const bytes = writer.written;
  for (let index = 0; index < count; index++) {
    bytes[start + index] = numberBytes[index] as number;
  }
}
