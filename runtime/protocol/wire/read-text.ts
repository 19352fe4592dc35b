// A hot file: every text that is received is read here.

import type { Utf8Decoder } from "./text-decoders.js";

/**
 * The text in UTF-8 from `start` to `end`. What is short and ASCII, as most is, is read by hand: calling the decoder costs more than that.
 *
 * @throws what the decoder throws
 */
export function readText(bytes: Uint8Array, start: number, end: number, decoder: Utf8Decoder): string {
  const short = end - start <= longestByHand ? readAscii(bytes, start, end) : undefined;
  return short ?? decoder.decode(bytes.subarray(start, end));
}

/** An ASCII text, eight characters at a time; undefined for what is none. */
function readAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = "";
  let at = start;
  for (; end - at >= 8; at += 8) {
    const a = bytes[at] as number;
    const b = bytes[at + 1] as number;
    const c = bytes[at + 2] as number;
    const d = bytes[at + 3] as number;
    const e = bytes[at + 4] as number;
    const f = bytes[at + 5] as number;
    const g = bytes[at + 6] as number;
    const h = bytes[at + 7] as number;
    if ((a | b | c | d | e | f | g | h) > 0x7f) {
      return undefined;
    }
    text += String.fromCharCode(a, b, c, d, e, f, g, h);
  }
  const rest = at === end ? "" : readFew(bytes, at, end - at);
  return rest === undefined ? undefined : text + rest;
}

/** One to seven of them. Naming each makes the text in one go, without an array of them. */
function readFew(bytes: Uint8Array, at: number, count: number): string | undefined {
  const a = bytes[at] as number;
  if (a > 0x7f) {
    return undefined;
  }
  if (count === 1) {
    return String.fromCharCode(a);
  }
  const b = bytes[at + 1] as number;
  if (b > 0x7f) {
    return undefined;
  }
  if (count === 2) {
    return String.fromCharCode(a, b);
  }
  const c = bytes[at + 2] as number;
  if (c > 0x7f) {
    return undefined;
  }
  if (count === 3) {
    return String.fromCharCode(a, b, c);
  }
  const d = bytes[at + 3] as number;
  if (d > 0x7f) {
    return undefined;
  }
  if (count === 4) {
    return String.fromCharCode(a, b, c, d);
  }
  const e = bytes[at + 4] as number;
  if (e > 0x7f) {
    return undefined;
  }
  if (count === 5) {
    return String.fromCharCode(a, b, c, d, e);
  }
  const f = bytes[at + 5] as number;
  if (f > 0x7f) {
    return undefined;
  }
  if (count === 6) {
    return String.fromCharCode(a, b, c, d, e, f);
  }
  const g = bytes[at + 6] as number;
  return g > 0x7f ? undefined : String.fromCharCode(a, b, c, d, e, f, g);
}

/** Of longer ones the decoder takes no more time. */
const longestByHand = 32;
