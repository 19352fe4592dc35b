import { ByteBuffer } from "../../base/byte-buffer.js";

/** Bytes of a file, as they come, of which whole pieces are taken from the front. */
export class ByteQueue {
  readonly #buffer = new ByteBuffer();
  /** Where in the buffer the first byte lies that is not taken. */
  #start = 0;
  #taken = 0;

  /** How many bytes of the file were taken: where in it the next one stands. */
  get offset(): number {
    return this.#taken;
  }

  /** How many bytes are there to be taken. */
  get length(): number {
    return this.#buffer.end - this.#start;
  }

  push(chunk: Uint8Array): void {
    const buffer = this.#buffer;
    if (this.length === 0) {
      buffer.clear();
      this.#start = 0;
    } else if (this.#start > this.length) {
      buffer.bytes.copyWithin(0, this.#start, buffer.end);
      buffer.end -= this.#start;
      this.#start = 0;
    }
    buffer.append(chunk);
  }

  /** The next bytes, which stay; undefined while so many are not there. A view, good until the next `push`. */
  peek(count: number): Uint8Array | undefined {
    return this.length < count ? undefined : this.#buffer.bytes.subarray(this.#start, this.#start + count);
  }

  /** Takes the next bytes; undefined while so many are not there. A view, good until the next `push`. */
  take(count: number): Uint8Array | undefined {
    const bytes = this.peek(count);
    if (bytes !== undefined) {
      this.skip(count);
    }
    return bytes;
  }

  /** Takes as many of the next bytes as are there, and tells how many those were. */
  skip(count: number): number {
    const skipped = Math.min(count, this.length);
    this.#start += skipped;
    this.#taken += skipped;
    if (this.length === 0 && this.#buffer.bytes.length > mostIdleBytes) {
      // There may be many of these, most of them idle; a view that was handed out has the array still.
      this.#buffer.release();
      this.#start = 0;
    }
    return skipped;
  }
}

/** An empty queue keeps no longer array. */
const mostIdleBytes = 4_096;
