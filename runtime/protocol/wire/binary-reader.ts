// A hot file: every message that is received is read here, field by field. No view a field.

import { deepestGroup, deepestMessage, endlessVarint, varintBits } from "./limits.js";
import { readText } from "./read-text.js";
import { strictUtf8, utf8 } from "./text-decoders.js";
import { bit32, bit64, endGroup, lengthDelimited, startGroup, varint } from "./wire-type.js";

/**
 * Reads protobuf's wire format (https://protobuf.dev/programming-guides/encoding/). Its methods are those of the class of the same name in
 * `@bufbuild/protobuf/wire`, as far as nearly every message needs them, read the same values, and throw in the same words; {@link enter} and
 * {@link leave} are its own. The other types of numbers are functions, {@link readInt64} and so on: a bundler leaves out of a page what none of its messages has.
 *
 * Reading past the end throws a RangeError, as does a varint of more than 10 bytes; nothing is allocated by a length that is only claimed.
 */
export class BinaryReader {
  /** Where the next byte is read. */
  pos: number;
  /** Where the bytes end that may be read. */
  readonly len: number;
  /** @internal Where it reads. */
  readonly input: Uint8Array;
  readonly #lent: boolean;
  /** How many messages are being read, each inside the one before. */
  #depth = 0;

  /**
   * @param bytes they are not copied: a `bytes` field is a view of them
   * @param start where the message begins. Default: 0
   * @param end where it ends. Default: with the bytes
   * @param lent whether they are written again: a `bytes` field is a copy then. Default: false
   */
  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length, lent = false) {
    this.#lent = lent;
    this.input = bytes;
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
      (length === 5 && (this.input[this.pos - 1] as number) > 0x0f)
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
    this.#skip(wireType, field, depth);
    return this.#since(start);
  }

  #skip(wireType: number, field: number | undefined, depth: number): void {
    if (wireType === varint) {
      while (((this.input[this.pos++] as number) & 0x80) !== 0) {
        // Its value does not matter.
      }
    } else if (wireType === bit64) {
      this.pos += 8;
    } else if (wireType === bit32) {
      this.pos += 4;
    } else if (wireType === lengthDelimited) {
      this.take(this.uint32());
    } else if (wireType === startGroup) {
      this.#skipGroup(field, depth);
    } else {
      throw new RangeError(`cant skip wire type ${wireType}`);
    }
    this.assertInside();
  }

  uint32(): number {
    const first = this.input[this.pos] as number;
    if (first < 0x80 && this.pos < this.len) {
      // Tags and lengths, mostly.
      this.pos++;
      return first;
    }
    const bytes = this.input;
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
        this.assertInside();
        return value >>> 0;
      }
    }
    throw new RangeError(endlessVarint);
  }

  /** A view of bytes with their length before them. */
  bytes(): Uint8Array {
    return this.#since(this.take(this.uint32()));
  }

  /**
   * A text with its length before it.
   *
   * @param strict what is not UTF-8 throws, instead of becoming U+FFFD
   */
  string(strict = false): string {
    const start = this.take(this.uint32());
    return readText(this.input, start, this.pos, strict ? strictUtf8 : utf8);
  }

  /**
   * @internal Goes on by some bytes, and returns where they begin.
   *
   * @throws RangeError when there are not as many
   */
  take(count: number): number {
    const start = this.pos;
    this.pos = start + count;
    this.assertInside();
    return start;
  }

  /** @internal */
  assertInside(): void {
    if (this.pos > this.len) {
      throw new RangeError("premature EOF");
    }
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
      this.#skip(wireType, inner, depth - 1);
    }
  }

  /** The bytes from `start` on that were read. */
  #since(start: number): Uint8Array {
    const view = this.input.subarray(start, this.pos);
    return this.#lent ? new Uint8Array(view) : view;
  }
}
