// Hot functions: numbers that are varints, but for uint32, which is a method of the writer.

import { type BinaryWriter, put32 } from "./binary-writer.js";
import { validInt64, validInteger, validUint64 } from "./checks.js";
import { mostVarintBytes } from "./limits.js";
import { numbers } from "./numbers.js";

/** Writes an int32, or the number of an enum's value. */
export function writeInt32(writer: BinaryWriter, value: number): void {
  const valid = validInt32(value, "int32");
  if (valid < 0) {
    writeVarint64(writer, valid >>> 0, 0xffffffff);
  } else {
    writer.uint32(valid);
  }
}

/** Writes a sint32. */
export function writeSint32(writer: BinaryWriter, value: number): void {
  const valid = validInt32(value, "sint32");
  writer.uint32(((valid << 1) ^ (valid >> 31)) >>> 0);
}

/** Writes an int64. A number that is not whole throws. */
export function writeInt64(writer: BinaryWriter, value: bigint | number | string): void {
  writeBigVarint(writer, validInt64(value, "int64"));
}

/** Writes a uint64. */
export function writeUint64(writer: BinaryWriter, value: bigint | number | string): void {
  writeBigVarint(writer, validUint64(value, "uint64"));
}

/** Writes a sint64. */
export function writeSint64(writer: BinaryWriter, value: bigint | number | string): void {
  const valid = validInt64(value, "sint64");
  writeBigVarint(writer, (valid << 1n) ^ (valid >> 63n));
}

/** Writes a bool. */
export function writeBool(writer: BinaryWriter, value: boolean): void {
  const start = writer.reserve(1);
  writer.written[start] = value ? 1 : 0;
}

function validInt32(value: number, type: string): number {
  return (value | 0) === value ? value : validInteger(value, -0x80000000, 0x7fffffff, type);
}

/** A 64-bit value in two's complement. */
function writeBigVarint(writer: BinaryWriter, value: bigint): void {
  numbers.setBigUint64(0, value, true);
  writeVarint64(writer, numbers.getInt32(0, true), numbers.getInt32(4, true));
}

function writeVarint64(writer: BinaryWriter, low: number, high: number): void {
  let offset = writer.reserve(mostVarintBytes);
  const bytes = writer.written;
  let lo = low;
  let hi = high;
  while (hi !== 0) {
    bytes[offset++] = lo | 0x80;
    lo = (lo >>> 7) | (hi << 25);
    hi >>>= 7;
  }
  writer.end = put32(bytes, offset, lo);
}
