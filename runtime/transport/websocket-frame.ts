/*
 * The frame that the server writes (RFC 6455, 5.2): whole, binary, not masked.
 *
 *     +--------+--------+- - - - - - - - - - - -+---- - -
 *     |  0x82  | length | 2 or 8 bytes of it    |  payload: one or more packets
 *     +--------+--------+- - - - - - - - - - - -+---- - -
 *                0–125 · 126: 2 bytes (BE) · 127: 8 bytes (BE)
 */

import type { ByteBuffer } from "../base/byte-buffer.js";

/** The longest header that a frame can have. */
export const frameHeadroom = 10;

/**
 * Writes a frame's header into the headroom of a buffer, right before what it holds, and returns the whole frame: a
 * view, good until the next write to the buffer.
 */
export function frameInPlace(buffer: ByteBuffer): Uint8Array {
  const { bytes, headroom, length } = buffer;
  let start: number;
  if (length < 126) {
    start = headroom - 2;
    bytes[start + 1] = length;
  } else if (length < 0x10000) {
    start = headroom - 4;
    bytes[start + 1] = 126;
    bytes[start + 2] = length >>> 8;
    bytes[start + 3] = length & 0xff;
  } else {
    start = headroom - 10;
    bytes[start + 1] = 127;
    // An outbox holds less than 4 GiB.
    bytes.fill(0, start + 2, start + 6);
    bytes[start + 6] = length >>> 24;
    bytes[start + 7] = (length >>> 16) & 0xff;
    bytes[start + 8] = (length >>> 8) & 0xff;
    bytes[start + 9] = length & 0xff;
  }
  bytes[start] = 0x82;
  return bytes.subarray(start, buffer.end);
}
