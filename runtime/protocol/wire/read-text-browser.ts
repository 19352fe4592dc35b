import type { Utf8Decoder } from "./text-decoders.js";

/**
 * The text in UTF-8 from `start` to `end`. It takes the place of `read-text.js` in a browser (package.json, `browser`): a page gets few texts, and few bytes
 * count there.
 *
 * @throws what the decoder throws
 */
export function readText(bytes: Uint8Array, start: number, end: number, decoder: Utf8Decoder): string {
  return decoder.decode(bytes.subarray(start, end));
}
