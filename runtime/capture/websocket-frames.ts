/*
 * WebSocket frames as somebody sees them who listens along (RFC 6455, 5.2), masked or not.
 *
 *     +--------+--------+- - - - - - - - - +- - - - - -+---- - -
 *     | FIN RSV| M, len | 2 or 8 bytes of it| mask: 4   |  payload
 *     | opcode |        |                   | if M = 1  |
 *     +--------+--------+- - - - - - - - - +- - - - - -+---- - -
 */

import { NanowireError } from "../base/error.js";
import { unmask } from "../transport/websocket-mask.js";
import type { MessageInflater } from "./message-inflater.js";
import { ByteQueue } from "./pcap/byte-queue.js";

/** Takes what a {@link WebSocketFrames} reads. */
export interface FramesSink {
  /** A whole binary message, inflated where it was deflated. */
  message(bytes: Uint8Array): void;
  /** The side closes. */
  close(code: number | undefined): void;
}

/** Reads the frames of one side, cut anywhere. */
export class WebSocketFrames {
  readonly #queue = new ByteQueue();
  readonly #sink: FramesSink;
  readonly #maxBytes: number;
  readonly #inflater: MessageInflater | undefined;
  /** The fragments of a message that is not whole. */
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #isDeflated = false;
  #isInMessage = false;

  /**
   * @param maxBytes the longest message that is taken
   * @param inflater what inflates messages, where that was agreed upon
   */
  constructor(sink: FramesSink, maxBytes: number, inflater: MessageInflater | undefined) {
    this.#sink = sink;
    this.#maxBytes = maxBytes;
    this.#inflater = inflater;
  }

  /** How many bytes are held of what is not whole, and to inflate what comes. */
  get heldBytes(): number {
    return this.#queue.length + this.#partBytes + (this.#inflater?.heldBytes ?? 0);
  }

  /** @throws NanowireError `invalid_frame`, `text_frame`, `packet_too_large`: nothing more can be read then */
  read(chunk: Uint8Array): void {
    this.#queue.push(chunk);
    while (this.#frame()) {
      // The next one.
    }
  }

  /** @returns whether a whole frame was there */
  #frame(): boolean {
    const queue = this.#queue;
    const start = queue.peek(2);
    if (start === undefined) {
      return false;
    }
    const second = start[1] as number;
    const isMasked = second >= 0x80;
    const short = second & 0x7f;
    const lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8;
    const headerBytes = 2 + lengthBytes + (isMasked ? 4 : 0);
    const header = queue.peek(headerBytes);
    if (header === undefined) {
      return false;
    }
    let length = lengthBytes === 0 ? short : 0;
    for (let at = 2; at < 2 + lengthBytes; at++) {
      length = length * 256 + (header[at] as number);
    }
    if (length + this.#partBytes > this.#maxBytes) {
      const bytes = length + this.#partBytes;
      throw new NanowireError(
        "packet_too_large",
        `a WebSocket message of ${bytes} bytes is longer than ${this.#maxBytes}`,
      );
    }
    // A copy: it is unmasked in place, and may be kept.
    const frame = queue.take(headerBytes + length)?.slice();
    if (frame === undefined) {
      return false;
    }
    if (isMasked) {
      unmask(frame, headerBytes, frame.length);
    }
    this.#take(frame[0] as number, frame.subarray(headerBytes));
    return true;
  }

  #take(first: number, payload: Uint8Array): void {
    const opcode = first & 0x0f;
    const isLast = first >= 0x80;
    const isDeflated = (first & 0x40) !== 0;
    if ((first & 0x30) !== 0 || (isDeflated && (this.#inflater === undefined || opcode === 0 || opcode > 2))) {
      throw invalid(`its first byte 0x${first.toString(16)} uses what was not agreed upon`);
    }
    if (opcode === 8) {
      this.#sink.close(payload.length < 2 ? undefined : ((payload[0] as number) << 8) | (payload[1] as number));
    } else if (opcode === 1) {
      throw new NanowireError("text_frame", "a text message came, where there are binary ones only");
    } else if (opcode === 0 || opcode === 2) {
      if ((opcode === 2) === this.#isInMessage) {
        throw invalid(opcode === 2 ? "a message begins within another" : "a fragment continues no message");
      }
      this.#append(opcode, isDeflated, isLast, payload);
    } else if (opcode !== 9 && opcode !== 10) {
      throw invalid(`there is no opcode ${opcode}`);
    }
  }

  #append(opcode: number, isDeflated: boolean, isLast: boolean, payload: Uint8Array): void {
    if (opcode === 2) {
      this.#isDeflated = isDeflated;
    }
    if (payload.length > 0) {
      this.#parts.push(payload);
      this.#partBytes += payload.length;
    }
    if (this.#parts.length >= mostParts) {
      this.#parts = [new Uint8Array(Buffer.concat(this.#parts))];
    }
    this.#isInMessage = !isLast;
    if (isLast) {
      const [first] = this.#parts;
      const whole =
        this.#parts.length === 1 && first !== undefined ? first : new Uint8Array(Buffer.concat(this.#parts));
      this.#parts = [];
      this.#partBytes = 0;
      this.#sink.message(this.#isDeflated ? (this.#inflater as MessageInflater).inflate(whole) : whole);
    }
  }
}

/** So many fragments are held one by one: each takes more than its bytes. */
const mostParts = 1_024;

function invalid(message: string): NanowireError {
  return new NanowireError("invalid_frame", `a WebSocket frame cannot be read: ${message}`);
}
