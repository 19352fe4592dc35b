// Hot functions: numbers that are varints, but for uint32, which is a method of the reader. One BigInt a 64-bit integer.

import type { BinaryReader } from "./binary-reader.js";
import { endlessVarint, varintBits } from "./limits.js";
import { numbers } from "./numbers.js";

/** Reads an int32, or the number of an enum's value. Of a longer varint the lower 32 bits count. */
export function readInt32(reader: BinaryReader): number {
  return reader.uint32() | 0;
}

/** Reads a sint32. */
export function readSint32(reader: BinaryReader): number {
  const value = reader.uint32();
  return (value >>> 1) ^ -(value & 1);
}

/** Reads an int64. */
export function readInt64(reader: BinaryReader): bigint {
  readVarint64(reader);
  return numbers.getBigInt64(0, true);
}

/** Reads a uint64. */
export function readUint64(reader: BinaryReader): bigint {
  readVarint64(reader);
  return numbers.getBigUint64(0, true);
}

/** Reads a sint64. */
export function readSint64(reader: BinaryReader): bigint {
  readVarint64(reader);
  const low = numbers.getUint32(0, true);
  const high = numbers.getUint32(4, true);
  const sign = -(low & 1);
  numbers.setInt32(0, ((low >>> 1) | (high << 31)) ^ sign, true);
  numbers.setInt32(4, (high >>> 1) ^ sign, true);
  return numbers.getBigInt64(0, true);
}

/** Reads a bool: whatever is not 0 is true. */
export function readBool(reader: BinaryReader): boolean {
  readVarint64(reader);
  return numbers.getUint32(0, true) !== 0 || numbers.getUint32(4, true) !== 0;
}

/** Reads a varint of 64 bits into {@link numbers}. */
function readVarint64(reader: BinaryReader): void {
  const bytes = reader.input;
  let { pos } = reader;
  let low = 0;
  let high = 0;
  for (let shift = 0; shift < varintBits; shift += 7) {
    const byte = bytes[pos++] as number;
    if (shift < 32) {
      low |= (byte & 0x7f) << shift;
    }
    // The fifth byte is of both halves.
    if (shift === 28) {
      high = (byte & 0x7f) >>> 4;
    } else if (shift > 28) {
      high |= (byte & 0x7f) << (shift - 32);
    }
    if ((byte & 0x80) === 0) {
      reader.pos = pos;
      reader.assertInside();
      numbers.setInt32(0, low, true);
      numbers.setInt32(4, high, true);
      return;
    }
  }
  throw new RangeError(endlessVarint);
}
