// A hot file: every message that is received is read here, field by field. No view a field, and one BigInt a 64-bit integer.

import { deepestGroup, deepestMessage, varintBits } from "./limits.js";
import { numberBytes, numbers } from "./numbers.js";
import { readText, strictUtf8 } from "./read-text.js";
import { bit32, bit64, endGroup, lengthDelimited, startGroup, varint } from "./wire-type.js";

/**
 * Reads protobuf's wire format (https://protobuf.dev/programming-guides/encoding/). Its methods are those of the class of the same name in
 * `@bufbuild/protobuf/wire`, as far as generated codecs call them, read the same values, and throw in the same words; {@link enter} and {@link leave} are its own.
 *
 * Reading past the end throws a RangeError, as does a varint of more than 10 bytes; nothing is allocated by a length that is only claimed.
 */
export class BinaryReader {
  /** Where the next byte is read. */
  pos: number;
  /** Where the bytes end that may be read. */
  readonly len: number;
  readonly #bytes: Uint8Array;
  #low = 0;
  #high = 0;
  /** How many messages are being read, each inside the one before. */
  #depth = 0;

  /**
   * @param bytes they are not copied: a `bytes` field is a view of them
   * @param start where the message begins. Default: 0
   * @param end where it ends. Default: with the bytes
   */
  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.pos = start;
    this.len = end;
  }

  /**
   * Begins to read a message; {@link leave} ends it.
   *
   * @param length how many bytes it has. Default: all that are left
   * @returns where it ends
   * @throws Error when more than 100 messages are inside each other
   */
  enter(length?: number): number {
    if (this.#depth >= deepestMessage) {
      throw new Error("protobuf decode recursion limit exceeded");
    }
    this.#depth++;
    return length === undefined ? this.len : this.pos + length;
  }

  /** The message that was begun last has been read. */
  leave(): void {
    this.#depth--;
  }

  /**
   * A field's number and wire type.
   *
   * @throws Error when it is no tag
   */
  tag(): [field: number, wireType: number] {
    const start = this.pos;
    const tag = this.uint32();
    const length = this.pos - start;
    const field = tag >>> 3;
    const wireType = tag & 7;
    if (
      field === 0 ||
      wireType > bit32 ||
      length > 5 ||
      (length === 5 && (this.#bytes[this.pos - 1] as number) > 0x0f)
    ) {
      throw new Error(`illegal tag: field no ${field} wire type ${wireType}`);
    }
    return [field, wireType];
  }

  /**
   * Skips a value, and returns a view of its bytes.
   *
   * @param field of a group: the number that its end must bear
   * @param depth how deep groups may lie in one another
   * @throws RangeError when it does not end, is nested too deep, or has no wire type that there is
   */
  skip(wireType: number, field?: number, depth: number = deepestGroup): Uint8Array {
    const start = this.pos;
    if (wireType === varint) {
      while (((this.#bytes[this.pos++] as number) & 0x80) !== 0) {
        // Its value does not matter.
      }
    } else if (wireType === bit64) {
      this.pos += 8;
    } else if (wireType === bit32) {
      this.pos += 4;
    } else if (wireType === lengthDelimited) {
      const length = this.uint32();
      this.pos += length;
    } else if (wireType === startGroup) {
      this.#skipGroup(field, depth);
    } else {
      throw new RangeError(`cant skip wire type ${wireType}`);
    }
    this.#assertInside();
    return this.#bytes.subarray(start, this.pos);
  }

  uint32(): number {
    const first = this.#bytes[this.pos] as number;
    if (first < 0x80 && this.pos < this.len) {
      // Tags and lengths, mostly.
      this.pos++;
      return first;
    }
    const bytes = this.#bytes;
    let pos = this.pos + 1;
    let value = first & 0x7f;
    for (let shift = 7; shift < varintBits; shift += 7) {
      const byte = bytes[pos++] as number;
      // Of more than 32 bits the lower ones count: that is what a number of another type becomes.
      if (shift < 32) {
        value |= (byte & 0x7f) << shift;
      }
      if ((byte & 0x80) === 0) {
        this.pos = pos;
        this.#assertInside();
        return value >>> 0;
      }
    }
    throw new RangeError(endless);
  }

  int32(): number {
    return this.uint32() | 0;
  }

  sint32(): number {
    const value = this.uint32();
    return (value >>> 1) ^ -(value & 1);
  }

  int64(): bigint {
    this.#varint64();
    return signed(this.#low, this.#high);
  }

  uint64(): bigint {
    this.#varint64();
    return unsigned(this.#low, this.#high);
  }

  sint64(): bigint {
    this.#varint64();
    const sign = -(this.#low & 1);
    return signed(((this.#low >>> 1) | (this.#high << 31)) ^ sign, (this.#high >>> 1) ^ sign);
  }

  bool(): boolean {
    this.#varint64();
    return this.#low !== 0 || this.#high !== 0;
  }

  fixed32(): number {
    return this.#fixed(4).getUint32(0, true);
  }

  sfixed32(): number {
    return this.#fixed(4).getInt32(0, true);
  }

  fixed64(): bigint {
    return this.#fixed(8).getBigUint64(0, true);
  }

  sfixed64(): bigint {
    return this.#fixed(8).getBigInt64(0, true);
  }

  float(): number {
    return this.#fixed(4).getFloat32(0, true);
  }

  double(): number {
    return this.#fixed(8).getFloat64(0, true);
  }

  /** A view of bytes with their length before them. */
  bytes(): Uint8Array {
    const length = this.uint32();
    const start = this.#advance(length);
    this.#assertInside();
    return this.#bytes.subarray(start, this.pos);
  }

  /**
   * A text with its length before it.
   *
   * @param strict what is not UTF-8 throws, instead of becoming U+FFFD
   */
  string(strict = false): string {
    const length = this.uint32();
    const start = this.#advance(length);
    this.#assertInside();
    return readText(this.#bytes, start, this.pos, strict ? strictUtf8 : utf8);
  }

  #skipGroup(field: number | undefined, depth: number): void {
    if (depth <= 0) {
      throw new RangeError("maximum recursion depth reached");
    }
    for (;;) {
      const [inner, wireType] = this.tag();
      if (wireType === endGroup) {
        if (field !== undefined && inner !== field) {
          throw new RangeError("invalid end group tag");
        }
        return;
      }
      this.skip(wireType, inner, depth - 1);
    }
  }

  #varint64(): void {
    const bytes = this.#bytes;
    let pos = this.pos;
    let low = 0;
    let high = 0;
    let byte = 0x80;
    // Four bytes of the lower half, one of both, five of the upper one.
    for (let shift = 0; shift < 28 && byte >= 0x80; shift += 7) {
      byte = bytes[pos++] as number;
      low |= (byte & 0x7f) << shift;
    }
    if (byte >= 0x80) {
      byte = bytes[pos++] as number;
      low |= byte << 28;
      high = (byte & 0x7f) >>> 4;
      for (let shift = 3; shift < 38 && byte >= 0x80; shift += 7) {
        byte = bytes[pos++] as number;
        high |= (byte & 0x7f) << shift;
      }
    }
    if (byte >= 0x80) {
      throw new RangeError(endless);
    }
    this.pos = pos;
    this.#assertInside();
    this.#low = low;
    this.#high = high;
  }

  /** The next bytes, to be read as a number. */
  #fixed(count: number): DataView {
    const start = this.#advance(count);
    this.#assertInside();
    for (let index = 0; index < count; index++) {
      numberBytes[index] = this.#bytes[start + index] as number;
    }
    return numbers;
  }

  /** Goes on by some bytes; returns where they begin. */
  #advance(count: number): number {
    const start = this.pos;
    this.pos = start + count;
    return start;
  }

  #assertInside(): void {
    if (this.pos > this.len) {
      throw new RangeError("premature EOF");
    }
  }
}

/** Two halves as an integer, the upper one with its sign. */
function signed(low: number, high: number): bigint {
  return join(low >>> 0, high | 0);
}

function unsigned(low: number, high: number): bigint {
  return join(low >>> 0, high >>> 0);
}

/** One BigInt is made where a number is exact, three where it is not. */
function join(low: number, high: number): bigint {
  return high >= -0x200000 && high < 0x200000 ? BigInt(high * 0x100000000 + low) : (BigInt(high) << 32n) | BigInt(low);
}

const endless = "invalid varint";

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
