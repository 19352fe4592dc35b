/*
 * A client's end of RFC 6455, as much as a load generator needs: the upgrade request, masked binary frames made ahead
 * of time, and a reader of a server's frames.
 */

/** The upgrade request. The key may be any: the answer's is not looked at. */
export function upgradeRequest(port: number, path = "/"): Uint8Array {
  return new TextEncoder().encode(
    [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==",
      "\r\n",
    ].join("\r\n"),
  );
}

/**
 * Where the server's answer to the upgrade ends in what has arrived, or -1 when it has not ended.
 *
 * @throws Error when the answer is not 101
 */
export function upgradeEnd(received: Uint8Array): number {
  const text = new TextDecoder("latin1").decode(received);
  const end = text.indexOf("\r\n\r\n");
  if (end >= 0 && !text.startsWith("HTTP/1.1 101 ")) {
    throw new Error(`the upgrade was refused: ${text.slice(0, text.indexOf("\r\n"))}`);
  }
  return end < 0 ? -1 : end + 4;
}

/**
 * A frame as a client sends it, a whole binary one where nothing else is said. The mask is not zero: a server may leave out the unmasking of a zero mask, and
 * no browser sends one.
 */
export function maskedFrame(payload: Uint8Array, first = 0x82): Uint8Array {
  const { length } = payload;
  if (length > 0xffff) {
    throw new Error(`a payload of ${length} bytes is longer than the 65535 that a frame takes here`);
  }
  const header = length < 126 ? [first, 0x80 | length] : [first, 0x80 | 126, length >>> 8, length & 0xff];
  const masked = payload.map((byte, index) => byte ^ (mask[index & 3] as number));
  return Uint8Array.of(...header, ...mask, ...masked);
}

/** Takes the payloads that a {@link FrameReader} finds: bytes of a stream, cut anywhere. Returns how many answers they end. */
export interface PayloadReader {
  read(bytes: Uint8Array, start: number, end: number): number;
}

/** Takes the frames off a stream of whole binary frames that are not masked, cut anywhere. */
export class FrameReader implements PayloadReader {
  readonly #payload: PayloadReader;
  /** How many bytes of the frame's payload have not arrived. */
  #left = 0;
  /** The frame header that is being read. */
  readonly #header = new Uint8Array(10);
  #headerBytes = 0;

  constructor(payload: PayloadReader) {
    this.#payload = payload;
  }

  /** @throws Error for any frame but a whole binary one */
  read(bytes: Uint8Array, start: number, end: number): number {
    let answers = 0;
    let offset = start;
    while (offset < end) {
      if (this.#left === 0) {
        this.#header[this.#headerBytes++] = bytes[offset++] as number;
        this.#beginFrame();
      } else {
        const stop = Math.min(end, offset + this.#left);
        this.#left -= stop - offset;
        answers += this.#payload.read(bytes, offset, stop);
        offset = stop;
      }
    }
    return answers;
  }

  #beginFrame(): void {
    const header = this.#header;
    if (header[0] !== 0x82) {
      throw new Error(`a frame begins with 0x${header[0]?.toString(16)}: it is no whole binary frame`);
    }
    const short = header[1] as number;
    const needed = this.#headerBytes < 2 ? 2 : short < 126 ? 2 : short === 126 ? 4 : 10;
    if (this.#headerBytes < needed) {
      return;
    }
    this.#headerBytes = 0;
    this.#left = short;
    if (needed > 2) {
      this.#left = 0;
      for (let index = 2; index < needed; index++) {
        this.#left = this.#left * 256 + (header[index] as number);
      }
    }
  }
}

const mask = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);
