// A hot file of the load generator: all that comes back goes through here, and is counted and checked with little work.

import type { PayloadReader } from "./websocket.js";

const packetHeaderBytes = 4;
const handshakePacket = 1;
const heartbeatPacket = 3;
const dataPacket = 4;

/** Counts answers that stand one after another, all the same: what an echo returns. */
export class RawAnswers implements PayloadReader {
  readonly #answer: Uint8Array;
  #arrived = 0;

  constructor(answer: Uint8Array) {
    this.#answer = answer;
  }

  /** @throws Error when the first answer of the bytes is not the right one */
  read(bytes: Uint8Array, start: number, end: number): number {
    const size = this.#answer.length;
    if (this.#arrived === 0 && end - start >= size) {
      assertSame(bytes, start, this.#answer);
    }
    const total = this.#arrived + end - start;
    this.#arrived = total % size;
    return (total - this.#arrived) / size;
  }
}

/** Counts answers that are data packets, and passes over heartbeats. They come in the order of the requests. */
export class PacketAnswers implements PayloadReader {
  readonly #answers: readonly Uint8Array[];
  readonly #onHandshake: () => void;
  readonly #onHeartbeat: () => void;
  #next = 0;
  /** The beginning of a packet whose end has not arrived. */
  #partial: Uint8Array = nothing;

  /**
   * @param answers the packets to come, header and all; after the last comes the first again
   * @param onHandshake the server has answered the handshake
   * @param onHeartbeat a heartbeat has come
   */
  constructor(answers: readonly Uint8Array[], onHandshake: () => void, onHeartbeat: () => void) {
    this.#answers = answers;
    this.#onHandshake = onHandshake;
    this.#onHeartbeat = onHeartbeat;
  }

  /** @throws Error for a packet that is not the answer that comes next, a heartbeat, or the answer to the handshake */
  read(bytes: Uint8Array, start: number, end: number): number {
    if (this.#partial.length === 0) {
      return this.#readPackets(bytes, start, end);
    }
    const joined = new Uint8Array(this.#partial.length + end - start);
    joined.set(this.#partial);
    joined.set(bytes.subarray(start, end), this.#partial.length);
    this.#partial = nothing;
    return this.#readPackets(joined, 0, joined.length);
  }

  #readPackets(bytes: Uint8Array, start: number, end: number): number {
    let count = 0;
    let offset = start;
    while (end - offset >= packetHeaderBytes) {
      const length =
        ((bytes[offset + 1] as number) << 16) | ((bytes[offset + 2] as number) << 8) | (bytes[offset + 3] as number);
      const next = offset + packetHeaderBytes + length;
      if (next > end) {
        break;
      }
      if (bytes[offset] === dataPacket) {
        this.#check(bytes, offset, next, count === 0);
        count++;
      } else if (bytes[offset] === handshakePacket) {
        this.#onHandshake();
      } else if (bytes[offset] === heartbeatPacket) {
        this.#onHeartbeat();
      } else {
        throw new Error(`a packet of type ${bytes[offset]} came from the server`);
      }
      offset = next;
    }
    if (offset < end) {
      // A copy, also of a Buffer, whose own slice is a view.
      this.#partial = Uint8Array.prototype.slice.call(bytes, offset, end);
    }
    return count;
  }

  /** Compares the first answer of a chunk whole; of the others the length, the flag and the id, which is one byte. */
  #check(bytes: Uint8Array, start: number, end: number, whole: boolean): void {
    const answer = this.#answers[this.#next] as Uint8Array;
    const size = answer.length;
    this.#next = this.#next + 1 === this.#answers.length ? 0 : this.#next + 1;
    if (end - start !== size || bytes[start + 4] !== answer[4] || bytes[start + 5] !== answer[5]) {
      throw new Error(`the answer ${hex(bytes.subarray(start, end))} came where ${hex(answer)} was to come`);
    }
    if (whole) {
      assertSame(bytes, start, answer);
    }
  }
}

function assertSame(bytes: Uint8Array, start: number, expected: Uint8Array): void {
  for (let index = 0; index < expected.length; index++) {
    if (bytes[start + index] !== expected[index]) {
      const got = bytes.subarray(start, start + expected.length);
      throw new Error(`the answer ${hex(got)} came where ${hex(expected)} was to come`);
    }
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

const nothing = new Uint8Array(0);
