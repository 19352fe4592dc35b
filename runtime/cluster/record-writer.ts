// A hot file: every message between two nodes is written here, straight into the link's buffer.

import type { ByteBuffer } from "../base/byte-buffer.js";

/** How many bytes the length of a record takes. */
export const recordLengthBytes = 4;

/** How many bytes a number takes at the most: 53 bits, seven in a byte. */
export const mostNumberBytes = 8;

/** Begins a record; its fields are written behind it. Returns where it begins, for {@link endRecord}. */
export function beginRecord(out: ByteBuffer, type: number): number {
  const start = out.reserve(recordLengthBytes + 1);
  out.bytes[start + recordLengthBytes] = type;
  return start;
}

/** Ends the record that begins at `start`, with what is written. */
export function endRecord({ bytes, end }: ByteBuffer, start: number): void {
  const length = end - start - recordLengthBytes;
  bytes[start] = length;
  bytes[start + 1] = length >>> 8;
  bytes[start + 2] = length >>> 16;
  bytes[start + 3] = length >>> 24;
}

/** Writes a number, 0 to 2^53 - 1. */
export function writeNumber(out: ByteBuffer, value: number): void {
  let rest = value;
  let at = out.reserve(mostNumberBytes);
  const { bytes } = out;
  while (rest > 0x7f) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    // Beyond 31 bits there are no shifts.
    rest = rest > 0x7fffffff ? Math.floor(rest / 128) : rest >>> 7;
  }
  bytes[at++] = rest;
  out.end = at;
}

/** Writes a text: its length in bytes, and its UTF-8. */
export function writeText(out: ByteBuffer, text: string): void {
  if (text.length === 0) {
    writeNumber(out, 0);
    return;
  }
  const bytes = encoder.encode(text);
  writeNumber(out, bytes.length);
  out.append(bytes);
}

const encoder = new TextEncoder();
