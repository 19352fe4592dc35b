import type { PayloadReader } from "./websocket.js";

/** A frame of a server that is no answer. */
export interface OtherFrame {
  /** Its first byte: FIN and opcode. */
  readonly first: number;
  readonly payload: Uint8Array;
}

/** Counts answers that are a WebSocket frame each, of a stream cut anywhere: what other servers than Nanowire send. */
export class FrameAnswers implements PayloadReader {
  readonly #answers: readonly Uint8Array[];
  readonly #onOther: (frame: OtherFrame) => void;
  #next = 0;
  /** The beginning of a frame whose end has not arrived. */
  #partial: Uint8Array = new Uint8Array(0);

  /**
   * @param answers the payloads to come; after the last comes the first again
   * @param onOther any other frame has come
   */
  constructor(answers: readonly Uint8Array[], onOther: (frame: OtherFrame) => void) {
    this.#answers = answers;
    this.#onOther = onOther;
  }

  read(received: Uint8Array, start: number, end: number): number {
    const bytes = Buffer.concat([this.#partial, received.subarray(start, end)]);
    let count = 0;
    let offset = 0;
    for (;;) {
      const payloadStart = payloadOf(bytes, offset);
      const next = payloadStart + lengthOf(bytes, offset);
      if (payloadStart > bytes.length || next > bytes.length) {
        break;
      }
      count += this.#take(bytes[offset] as number, bytes.subarray(payloadStart, next));
      offset = next;
    }
    this.#partial = bytes.subarray(offset);
    return count;
  }

  #take(first: number, payload: Uint8Array): number {
    const answer = this.#answers[this.#next] as Uint8Array;
    if (Buffer.compare(payload, answer) !== 0) {
      this.#onOther({ first, payload });
      return 0;
    }
    this.#next = this.#next + 1 === this.#answers.length ? 0 : this.#next + 1;
    return 1;
  }
}

/** Where the payload of a frame begins that is not masked; behind the end when too little of it is there to tell. */
function payloadOf(bytes: Uint8Array, offset: number): number {
  const short = bytes[offset + 1];
  return offset + (short === 126 ? 4 : short === 127 ? 10 : 2);
}

function lengthOf(bytes: Buffer, offset: number): number {
  const short = bytes[offset + 1] ?? 0;
  if (short < 126) {
    return short;
  }
  if (bytes.length < payloadOf(bytes, offset)) {
    return Number.POSITIVE_INFINITY;
  }
  return short === 126 ? bytes.readUInt16BE(offset + 2) : Number(bytes.readBigUInt64BE(offset + 2));
}
