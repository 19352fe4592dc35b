import { ByteBuffer } from "../base/byte-buffer.js";
import { NanowireError } from "../base/error.js";

/** Whether bytes begin as a zlib or gzip stream does: a handshake that was deflated is told by that alone (PROTOCOL.md, 1). */
export function isDeflated(bytes: Uint8Array): boolean {
  return bytes[0] === zlibMagic || isGzip(bytes);
}

/**
 * Inflates a zlib stream, or a gzip stream.
 *
 * @param maxBytes the most bytes that may come out; no more are kept
 * @throws NanowireError `packet_too_large`; anything else for bytes that are no such stream
 */
export async function inflate(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  // DOM's types ask for bytes that are not shared.
  const packed = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  const reader = packed.pipeThrough(new DecompressionStream(isGzip(bytes) ? "gzip" : "deflate")).getReader();
  const out = new ByteBuffer();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return out.view();
    }
    out.append(value);
    if (out.length > maxBytes) {
      reader.cancel().catch(ignore);
      throw new NanowireError(
        "packet_too_large",
        `${bytes.length} bytes inflate to more than maxPacketBytes ${maxBytes}`,
      );
    }
  }
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function ignore(): void {}

const zlibMagic = 0x78;
