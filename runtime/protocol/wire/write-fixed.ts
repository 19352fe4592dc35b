// Hot functions: numbers of a fixed size.

import type { BinaryWriter } from "./binary-writer.js";
import { validFloat, validInt64, validInteger, validUint64 } from "./checks.js";
import { floats, words } from "./floats.js";
import { numbers } from "./numbers.js";

/** Writes a fixed32. */
export function writeFixed32(writer: BinaryWriter, value: number): void {
  write32(writer, validInteger(value, 0, 0xffffffff, "fixed32"));
}

/** Writes an sfixed32. */
export function writeSfixed32(writer: BinaryWriter, value: number): void {
  write32(writer, validInteger(value, -0x80000000, 0x7fffffff, "sfixed32"));
}

/** Writes a fixed64. */
export function writeFixed64(writer: BinaryWriter, value: bigint | number | string): void {
  numbers.setBigUint64(0, validUint64(value, "fixed64"), true);
  writeEight(writer);
}

/** Writes an sfixed64. */
export function writeSfixed64(writer: BinaryWriter, value: bigint | number | string): void {
  numbers.setBigInt64(0, validInt64(value, "sfixed64"), true);
  writeEight(writer);
}

/** Writes a float. A number too great for 32 bits of floating point throws; Infinity does not. */
export function writeFloat(writer: BinaryWriter, value: number): void {
  floats[0] = validFloat(value);
  write32(writer, words[0] as number);
}

/** Writes a double. */
export function writeDouble(writer: BinaryWriter, value: number): void {
  numbers.setFloat64(0, value, true);
  writeEight(writer);
}

/** Writes 64 bits out of {@link numbers}. */
function writeEight(writer: BinaryWriter): void {
  write32(writer, numbers.getInt32(0, true));
  write32(writer, numbers.getInt32(4, true));
}

function write32(writer: BinaryWriter, word: number): void {
  const start = writer.reserve(4);
  const bytes = writer.written;
  bytes[start] = word;
  bytes[start + 1] = word >>> 8;
  bytes[start + 2] = word >>> 16;
  bytes[start + 3] = word >>> 24;
}
