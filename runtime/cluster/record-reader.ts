// A hot file: every message between two nodes is read here.

import { NanowireError } from "../base/error.js";
import { mostNumberBytes, recordLengthBytes } from "./record-writer.js";

/** Reads records, one after the other, each where it lies. One is enough for a link: a record is read before the next. */
export class RecordReader {
  /** What is being read. */
  bytes: Uint8Array = nothing;
  /** Where the next field begins. */
  at = 0;
  /** Where the record ends. */
  end = 0;
  #next = 0;
  #last = 0;

  /** Begins with what came: whole records. */
  begin(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.#next = start;
    this.#last = end;
  }

  /**
   * The type of the next record, whose fields can then be read; 0 when there is none.
   *
   * @throws NanowireError `invalid_message` when there is only a part of one
   */
  next(): number {
    const { bytes } = this;
    const start = this.#next;
    if (start === this.#last) {
      this.bytes = nothing;
      return 0;
    }
    const fields = start + recordLengthBytes;
    const length =
      fields < this.#last
        ? (bytes[start] as number) +
          (bytes[start + 1] as number) * 0x100 +
          (bytes[start + 2] as number) * 0x1_0000 +
          (bytes[start + 3] as number) * 0x100_0000
        : 0;
    if (length === 0 || length > this.#last - fields) {
      throw new NanowireError("invalid_message", `a record of ${length} bytes has ${this.#last - start} left`);
    }
    this.end = fields + length;
    this.#next = this.end;
    this.at = fields + 1;
    return bytes[fields] as number;
  }

  /** A number. */
  number(): number {
    const { bytes, end } = this;
    let at = this.at;
    let value = 0;
    let factor = 1;
    for (let count = 0; count < mostNumberBytes && at < end; count++) {
      const byte = bytes[at++] as number;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        this.at = at;
        return value;
      }
      factor *= 128;
    }
    throw new NanowireError("invalid_message", "a number in a record does not end");
  }

  /** How far a number is from the one before: less than 0 for a smaller one. */
  distance(): number {
    const distance = this.number();
    return distance % 2 === 0 ? distance / 2 : -(distance + 1) / 2;
  }

  /** A text. */
  text(): string {
    const length = this.number();
    const start = this.at;
    if (length > this.end - start) {
      throw new NanowireError("invalid_message", `a text of ${length} bytes has ${this.end - start} left`);
    }
    this.at = start + length;
    return length === 0 ? "" : decoder.decode(this.bytes.subarray(start, this.at));
  }

  /** All that is left. It is a view. */
  rest(): Uint8Array {
    return this.bytes.subarray(this.at, this.end);
  }
}

const nothing = new Uint8Array(0);
/** A byte order mark is part of a text: nobody else's uid is to come of one that begins with it. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
