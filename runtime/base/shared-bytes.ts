// A hot file: what many connections are sent in one turn is kept here once.

import { ByteBuffer } from "./byte-buffer.js";

/** Bytes that many send: they are written once, at the end, and never again. Each may send another part of them. */
export class SharedBytes {
  /** To write at. What is before its end has readers: it stays as it is. */
  readonly buffer = new ByteBuffer();
  #view: Part | undefined;
  #framed: Part | undefined;

  /** The bytes from `start` to `end`. Those who ask for the same part get the same array. */
  view(start: number, end: number): Uint8Array {
    if (this.#view?.start !== start || this.#view.end !== end) {
      const { buffer, byteOffset } = this.buffer.bytes;
      this.#view = { start, end, bytes: Buffer.from(buffer, byteOffset + start, end - start) };
    }
    return this.#view.bytes;
  }

  /** The same within what a transport puts round it: made once for all who ask for the same part. */
  framed(start: number, end: number, frame: (bytes: Uint8Array) => Uint8Array): Uint8Array {
    if (this.#framed?.start !== start || this.#framed.end !== end) {
      this.#framed = { start, end, bytes: frame(this.view(start, end)) };
    }
    return this.#framed.bytes;
  }
}

/** A part that was asked for last. */
interface Part {
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}
