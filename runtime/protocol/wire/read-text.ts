// A hot file: every text that is received is read here.

import { longestByHand } from "./limits.js";

/** A TextDecoder, as far as it matters here. */
interface Utf8Decoder {
  decode(bytes: Uint8Array): string;
}

/**
 * The text in UTF-8 from `start` to `end`. What is short and ASCII, as most is, is read by hand.
 *
 * @throws what the decoder throws
 */
export function readText(bytes: Uint8Array, start: number, end: number, decoder: Utf8Decoder): string {
  if (end - start <= longestByHand) {
    const codes: number[] = [];
    let offset = start;
    for (; offset < end; offset++) {
      const byte = bytes[offset] as number;
      if (byte > 0x7f) {
        break;
      }
      codes.push(byte);
    }
    if (offset === end) {
      return String.fromCharCode.apply(undefined, codes);
    }
  }
  return decoder.decode(bytes.subarray(start, end));
}

/** Throws at what is not UTF-8. */
export const strictUtf8 = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
