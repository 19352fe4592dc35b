/*
 * The frame that the server writes (RFC 6455, 5.2): whole, binary, not masked.
 *
 *     +--------+--------+- - - - - - - - - - - -+---- - -
 *     |  0x82  | length | 2 or 8 bytes of it    |  payload: one or more packets
 *     +--------+--------+- - - - - - - - - - - -+---- - -
 *                0–125 · 126: 2 bytes (BE) · 127: 8 bytes (BE)
 */

import { ByteBuffer } from "../base/byte-buffer.js";

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

/** A frame of its own round what others send too. */
export function frameOf(payload: Uint8Array): Uint8Array {
  const frame = new ByteBuffer(frameHeadroom);
  frame.append(payload);
  return frameInPlace(frame);
}

/**
 * Writes a frame for each packet in a buffer, for clients that read one and no more. A packet tells its length in its
 * bytes 1 to 3 (PROTOCOL.md, 1). Returns an array of its own.
 */
export function framesOfPackets(buffer: ByteBuffer): Uint8Array {
  const frames = new ByteBuffer();
  const frame = new ByteBuffer(frameHeadroom);
  for (const packet of packetsIn(buffer)) {
    frame.append(packet);
    frames.append(frameInPlace(frame));
    frame.clear();
  }
  return frames.view();
}

/** The packets in a buffer, one by one: views, good until the next write to the buffer. */
export function packetsIn({ bytes, headroom, end }: ByteBuffer): Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (let start = headroom; start < end; ) {
    const [, high = 0, middle = 0, low = 0] = bytes.subarray(start, start + 4);
    const next = start + 4 + ((high << 16) | (middle << 8) | low);
    packets.push(bytes.subarray(start, next));
    start = next;
  }
  return packets;
}
