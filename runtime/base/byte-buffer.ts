// A hot file: every byte that leaves goes through here. No closures, no spreads, no view a write.

const smallestBytes = 256;

/**
 * Bytes to be sent, written one after another into one array that grows. The first `headroom` bytes stay free for a
 * header that is known only when the rest is (a WebSocket frame's).
 */
export class ByteBuffer {
  /** The array; what is written are the bytes from `headroom` to `end`. It is replaced when it grows. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Where the next byte goes. */
  end: number;
  /** How many bytes at the front stay free. */
  readonly headroom: number;

  constructor(headroom = 0) {
    this.headroom = headroom;
    this.bytes = empty;
    this.end = headroom;
  }

  /** How many bytes are written. */
  get length(): number {
    return this.end - this.headroom;
  }

  /** Takes room for `count` bytes, for the caller to fill, and returns where they begin in `bytes`. */
  reserve(count: number): number {
    const start = this.end;
    const end = start + count;
    if (end > this.bytes.length) {
      const grown = new Uint8Array(Math.max(smallestBytes, end, this.bytes.length * 2));
      grown.set(this.bytes.subarray(0, start));
      this.bytes = grown;
    }
    this.end = end;
    return start;
  }

  /** Copies bytes to the end. */
  append(source: Uint8Array): void {
    const start = this.reserve(source.length);
    this.bytes.set(source, start);
  }

  /** A view of what is written. It is good until the next write. */
  view(): Uint8Array {
    return this.bytes.subarray(this.headroom, this.end);
  }

  /** Forgets what is written; the array is used again. */
  clear(): void {
    this.end = this.headroom;
  }

  /** Forgets what is written and lets go of the array: somebody else has it now, or it has grown too large to keep. */
  release(): void {
    this.bytes = empty;
    this.end = this.headroom;
  }
}

const empty = new Uint8Array(0);
