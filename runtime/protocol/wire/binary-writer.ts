// A hot file: every message that is sent is written here, field by field. No array and no view a field.

import { utf8 } from "../utf8.js";
import { validInteger } from "./checks.js";
import { mostUint32Bytes, mostUtf8Bytes, smallestBytes } from "./limits.js";

/**
 * Writes protobuf's wire format (https://protobuf.dev/programming-guides/encoding/). Its methods are those of the class of the same name in
 * `@bufbuild/protobuf/wire`, as far as nearly every message needs them, and write the same bytes. The other types of numbers are functions,
 * {@link writeInt64} and so on: a bundler leaves out of a page what none of its messages has.
 *
 * A value that its type does not hold (a fraction, 2^32 as a uint32) throws; a number may also be given as its text.
 */
export class BinaryWriter {
  /** @internal The array that is written to; a larger one takes its place when it is full. {@link finish} takes it away. */
  written: Uint8Array<ArrayBuffer>;
  /** @internal Where it is written to. */
  end: number;
  /** Where the lengths stand that are not known yet. */
  #forks: number[] | undefined;

  /** @param bytes where to write; what comes before `end` stays as it is. Default: an array of its own */
  constructor(bytes: Uint8Array<ArrayBuffer> = noBytes, end = 0) {
    this.written = bytes;
    this.end = end;
  }

  /** The bytes that were written, in an array of the caller's own. The writer begins anew. */
  finish(): Uint8Array<ArrayBuffer> {
    const bytes = this.written;
    const end = this.end;
    this.written = noBytes;
    this.end = 0;
    this.#forks = undefined;
    // A copy of what is small stays in the heap, which a view does not; what is large is given away, unless much of it is empty.
    return bytes.length <= smallestBytes || end * 2 < bytes.length ? bytes.slice(0, end) : bytes.subarray(0, end);
  }

  /** Begins something with a length before it: a message, a packed list. {@link join} ends it. */
  fork(): this {
    // One byte is kept for the length: it does for all that is shorter than 128.
    this.#forks ??= [];
    this.#forks.push(this.reserve(1));
    return this;
  }

  /** Ends what the last {@link fork} began, and writes its length. */
  join(): this {
    const start = this.#forks?.pop();
    if (start === undefined) {
      throw new Error("join() without fork()");
    }
    const end = this.end;
    const length = end - start - 1;
    // A byte for each 7 bits that are begun beyond the first.
    const more = ((31 - Math.clz32(length | 1)) / 7) | 0;
    if (more > 0) {
      this.reserve(more);
      this.written.copyWithin(start + 1 + more, start + 1, end);
    }
    put32(this.written, start, length);
    return this;
  }

  /** Bytes as they are, without a length. */
  raw(bytes: Uint8Array): this {
    const start = this.reserve(bytes.length);
    this.written.set(bytes, start);
    return this;
  }

  uint32(value: number): this {
    const start = this.end;
    if ((value & 0x7f) === value && start < this.written.length) {
      // Tags and lengths, mostly.
      this.written[start] = value;
      this.end = start + 1;
      return this;
    }
    const valid = value >>> 0 === value ? value : validInteger(value, 0, 0xffffffff, "uint32");
    this.reserve(mostUint32Bytes);
    this.end = put32(this.written, start, valid);
    return this;
  }

  /** The length of the bytes, then a copy of them. */
  bytes(value: Uint8Array): this {
    return this.uint32(value.length).raw(value);
  }

  /** The length in UTF-8, then the text. A surrogate without its other half becomes U+FFFD. */
  string(value: string): this {
    const text = String(value);
    const { length } = text;
    if (length < 128) {
      // What is no more than Latin, Greek or Cyrillic, as most short texts are, is written here: calling the encoder costs more than that.
      const start = this.reserve(2 * length + 1);
      const bytes = this.written;
      let at = start;
      let code = 0;
      for (let index = 0; index < length && code < 0x800; index++) {
        code = text.charCodeAt(index);
        if (code > 0x7f) {
          bytes[++at] = (code >> 6) | 0xc0;
          bytes[++at] = (code & 0x3f) | 0x80;
        } else {
          bytes[++at] = code;
        }
      }
      if (code < 0x800 && at < start + 128) {
        bytes[start] = at - start;
        this.end = at + 1;
        return this;
      }
      this.end = start;
    }
    this.fork();
    const start = this.reserve(length * mostUtf8Bytes);
    this.end = start + utf8.encodeInto(text, this.written.subarray(start)).written;
    return this.join();
  }

  /** @internal Takes room for some bytes; returns where they begin. */
  reserve(count: number): number {
    const start = this.end;
    const end = start + count;
    if (end > this.written.length) {
      this.written = grow(this.written, end);
    }
    this.end = end;
    return start;
  }
}

/** @internal Writes a varint of 32 bits where there is room for it, and returns where it ends. */
export function put32(bytes: Uint8Array, start: number, value: number): number {
  let offset = start;
  let rest = value >>> 0;
  while (rest > 0x7f) {
    bytes[offset++] = rest | 0x80;
    rest >>>= 7;
  }
  bytes[offset++] = rest;
  return offset;
}

/** The same bytes, with room for at least so many. */
function grow(bytes: Uint8Array<ArrayBuffer>, wanted: number): Uint8Array<ArrayBuffer> {
  const grown = new Uint8Array(Math.max(smallestBytes, wanted, 2 * bytes.length));
  grown.set(bytes);
  return grown;
}

const noBytes = new Uint8Array(0);
