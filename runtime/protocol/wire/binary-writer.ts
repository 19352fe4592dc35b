// A hot file: every message that is sent is written here, field by field. No array and no view a field.

import { mostUint32Bytes, mostUtf8Bytes, mostVarintBytes, smallestBytes } from "./limits.js";
import { numberBytes, numbers } from "./numbers.js";

/**
 * Writes protobuf's wire format (https://protobuf.dev/programming-guides/encoding/). Its methods are those of the class of the same name in
 * `@bufbuild/protobuf/wire`, as far as generated codecs call them, and write the same bytes.
 *
 * A value that its type does not hold (a fraction, 2^32 as a uint32) throws; a number may also be given as its text.
 */
export class BinaryWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #end: number;
  /** Where the lengths stand that are not known yet. */
  #forks: number[] = [];

  /** @param bytes where to write; what comes before `end` stays as it is. Default: an array of its own */
  constructor(bytes: Uint8Array<ArrayBuffer> = noBytes, end = 0) {
    this.#bytes = bytes;
    this.#end = end;
  }

  /** @internal The array that was written to, or the larger one that took its place. {@link finish} takes it away. */
  get written(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  /** @internal Where it is written to. */
  get end(): number {
    return this.#end;
  }

  /** The bytes that were written, in an array of the caller's own. The writer begins anew. */
  finish(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes;
    const end = this.#end;
    this.#bytes = noBytes;
    this.#end = 0;
    this.#forks = [];
    // A copy of what is small stays in the heap, which a view does not; what is large is given away, unless much of it is empty.
    return bytes.length <= smallestBytes || end * 2 < bytes.length ? bytes.slice(0, end) : bytes.subarray(0, end);
  }

  /** Begins something with a length before it: a message, a packed list. {@link join} ends it. */
  fork(): this {
    // One byte is kept for the length: it does for all that is shorter than 128.
    this.#forks.push(this.#reserve(1));
    return this;
  }

  /** Ends what the last {@link fork} began, and writes its length. */
  join(): this {
    const start = this.#forks.pop();
    if (start === undefined) {
      throw new Error("join() without fork()");
    }
    const end = this.#end;
    const length = end - start - 1;
    const more = varintBytes(length) - 1;
    if (more > 0) {
      this.#reserve(more);
      this.#bytes.copyWithin(start + 1 + more, start + 1, end);
    }
    this.#put(start, length);
    return this;
  }

  /** A field's number and wire type. */
  tag(field: number, wireType: number): this {
    return this.uint32(((field << 3) | wireType) >>> 0);
  }

  /** Bytes as they are, without a length. */
  raw(bytes: Uint8Array): this {
    const start = this.#reserve(bytes.length);
    this.#bytes.set(bytes, start);
    return this;
  }

  uint32(value: number): this {
    const valid = value >>> 0 === value ? value : integer(value, 0, 0xffffffff, "uint32");
    this.#end = this.#put(this.#reserve(mostUint32Bytes), valid);
    return this;
  }

  int32(value: number): this {
    const valid = (value | 0) === value ? value : integer(value, -0x80000000, 0x7fffffff, "int32");
    return valid < 0 ? this.#varint64(valid >>> 0, 0xffffffff) : this.uint32(valid);
  }

  sint32(value: number): this {
    const valid = (value | 0) === value ? value : integer(value, -0x80000000, 0x7fffffff, "sint32");
    return this.uint32(((valid << 1) ^ (valid >> 31)) >>> 0);
  }

  int64(value: bigint | number | string): this {
    return this.#split(bigInteger(value, leastInt64, mostInt64, "int64"));
  }

  uint64(value: bigint | number | string): this {
    return this.#split(bigInteger(value, 0n, mostUint64, "uint64"));
  }

  sint64(value: bigint | number | string): this {
    const valid = bigInteger(value, leastInt64, mostInt64, "sint64");
    return this.#split((valid << 1n) ^ (valid >> 63n));
  }

  fixed32(value: number): this {
    const valid = integer(value, 0, 0xffffffff, "fixed32");
    numbers.setUint32(0, valid, true);
    return this.#copy(4);
  }

  sfixed32(value: number): this {
    const valid = integer(value, -0x80000000, 0x7fffffff, "sfixed32");
    numbers.setInt32(0, valid, true);
    return this.#copy(4);
  }

  fixed64(value: bigint | number | string): this {
    return this.#fixed64(bigInteger(value, 0n, mostUint64, "fixed64"));
  }

  sfixed64(value: bigint | number | string): this {
    return this.#fixed64(bigInteger(value, leastInt64, mostInt64, "sfixed64"));
  }

  /** A number too great for 32 bits of floating point throws; Infinity does not. */
  float(value: number): this {
    const valid = float32(value);
    numbers.setFloat32(0, valid, true);
    return this.#copy(4);
  }

  double(value: number): this {
    numbers.setFloat64(0, value, true);
    return this.#copy(8);
  }

  bool(value: boolean): this {
    const start = this.#reserve(1);
    this.#bytes[start] = value ? 1 : 0;
    return this;
  }

  /** The length of the bytes, then a copy of them. */
  bytes(value: Uint8Array): this {
    return this.uint32(value.length).raw(value);
  }

  /** The length in UTF-8, then the text. A surrogate without its other half becomes U+FFFD. */
  string(value: string): this {
    const text = typeof value === "string" ? value : String(value);
    const { length } = text;
    if (length < 128) {
      // ASCII, as most short texts are, is written here: calling the encoder costs more than that.
      const start = this.#reserve(length + 1);
      const bytes = this.#bytes;
      bytes[start] = length;
      let index = 0;
      for (let code = 0; index < length; index++) {
        code = text.charCodeAt(index);
        if (code > 0x7f) {
          break;
        }
        bytes[start + 1 + index] = code;
      }
      if (index === length) {
        return this;
      }
      this.#end = start;
    }
    this.fork();
    const start = this.#reserve(length * mostUtf8Bytes);
    this.#end = start + utf8.encodeInto(text, this.#bytes.subarray(start)).written;
    return this.join();
  }

  /** A 64-bit value in two's complement, as a varint. */
  #split(value: bigint): this {
    numbers.setBigUint64(0, BigInt.asUintN(64, value), true);
    return this.#varint64(numbers.getUint32(0, true), numbers.getUint32(4, true));
  }

  #varint64(low: number, high: number): this {
    let offset = this.#reserve(mostVarintBytes);
    let lo = low;
    let hi = high;
    while (hi !== 0 || lo > 0x7f) {
      this.#bytes[offset++] = (lo & 0x7f) | 0x80;
      lo = ((lo >>> 7) | (hi << 25)) >>> 0;
      hi >>>= 7;
    }
    this.#bytes[offset++] = lo;
    this.#end = offset;
    return this;
  }

  #fixed64(value: bigint): this {
    numbers.setBigUint64(0, BigInt.asUintN(64, value), true);
    return this.#copy(8);
  }

  /** Writes a varint of 32 bits where there is room for it, and returns where it ends. */
  #put(start: number, value: number): number {
    const bytes = this.#bytes;
    let offset = start;
    let rest = value;
    while (rest > 0x7f) {
      bytes[offset++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[offset++] = rest;
    return offset;
  }

  /** Writes the first bytes of what was put into {@link numbers}. */
  #copy(count: number): this {
    const start = this.#reserve(count);
    const bytes = this.#bytes;
    for (let index = 0; index < count; index++) {
      bytes[start + index] = numberBytes[index] as number;
    }
    return this;
  }

  /** Takes room for some bytes; returns where they begin. */
  #reserve(count: number): number {
    const start = this.#end;
    const end = start + count;
    if (end > this.#bytes.length) {
      this.#bytes = grow(this.#bytes, start, end);
    }
    this.#end = end;
    return start;
  }
}

/** The first bytes, with room for at least so many. */
function grow(bytes: Uint8Array<ArrayBuffer>, used: number, wanted: number): Uint8Array<ArrayBuffer> {
  const grown = new Uint8Array(Math.max(smallestBytes, wanted, 2 * bytes.length));
  if (used > smallestBytes) {
    grown.set(bytes.subarray(0, used));
    return grown;
  }
  for (let index = 0; index < used; index++) {
    grown[index] = bytes[index] as number;
  }
  return grown;
}

/** How long a varint of 32 bits is: a byte for every 7 bits that are begun, and one for 0. */
function varintBytes(value: number): number {
  return ((38 - Math.clz32(value | 1)) / 7) | 0;
}

function integer(value: unknown, least: number, most: number, type: string): number {
  const number = typeof value === "string" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isInteger(number) || number < least || number > most) {
    throw invalid(type, value);
  }
  return number;
}

function bigInteger(value: bigint | number | string, least: bigint, most: bigint, type: string): bigint {
  const integer = typeof value === "bigint" ? value : BigInt(value);
  if (integer < least || integer > most) {
    throw invalid(type, value);
  }
  return integer;
}

function float32(value: unknown): number {
  const number = typeof value === "string" ? Number(value) : value;
  if (
    typeof number !== "number" ||
    (Number.isNaN(number) && typeof value === "string" && value !== "NaN") ||
    (Number.isFinite(number) && !Number.isFinite(Math.fround(number)))
  ) {
    throw invalid("float", value);
  }
  return number;
}

function invalid(type: string, value: unknown): RangeError {
  return new RangeError(`${String(value)} is no ${type}`);
}

const leastInt64 = -0x8000000000000000n;
const mostInt64 = 0x7fffffffffffffffn;
const mostUint64 = 0xffffffffffffffffn;

const noBytes = new Uint8Array(0);
const utf8 = new TextEncoder();
