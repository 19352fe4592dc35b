/*
 * The packet layer (PROTOCOL.md, 1):
 *
 *     0        1        2        3        4
 *     +--------+--------+--------+--------+--------- - -
 *     |  type  |  length of body (BE)     |  body
 *     +--------+--------+--------+--------+--------- - -
 */

import type { ByteBuffer } from "../base/byte-buffer.js";
import { NanowireError } from "../base/error.js";
import { maxBodyBytes, packetHeaderBytes } from "./limits.js";
import type { PacketType } from "./packet-type.js";

export { maxBodyBytes, packetHeaderBytes } from "./limits.js";

/**
 * Writes a packet's header and takes room for its body; returns where the body begins in `out.bytes`.
 *
 * @throws NanowireError `message_too_large` when the body is longer than 16,777,215 bytes
 */
export function writePacketHeader(out: ByteBuffer, type: PacketType, bodyBytes: number): number {
  assertBodyFits(bodyBytes);
  const start = out.reserve(packetHeaderBytes + bodyBytes);
  out.bytes[start] = type;
  writeBodyLength(out.bytes, start, bodyBytes);
  return start + packetHeaderBytes;
}

/**
 * Writes how long a packet's body is into its header.
 *
 * @throws NanowireError `message_too_large` when it is longer than 16,777,215 bytes
 */
export function writeBodyLength(bytes: Uint8Array, start: number, bodyBytes: number): void {
  assertBodyFits(bodyBytes);
  bytes[start + 1] = bodyBytes >>> 16;
  bytes[start + 2] = (bodyBytes >>> 8) & 0xff;
  bytes[start + 3] = bodyBytes & 0xff;
}

function assertBodyFits(bodyBytes: number): void {
  if (bodyBytes > maxBodyBytes) {
    throw new NanowireError("message_too_large", `a packet body of ${bodyBytes} bytes is larger than ${maxBodyBytes}`);
  }
}

/**
 * A packet by itself, in an array of its own.
 *
 * @throws NanowireError `message_too_large` when the body is longer than 16,777,215 bytes
 */
export function encodePacket(type: PacketType, body: Uint8Array = noBody): Uint8Array {
  const packet = new Uint8Array(packetHeaderBytes + body.length);
  packet[0] = type;
  writeBodyLength(packet, 0, body.length);
  packet.set(body, packetHeaderBytes);
  return packet;
}

const noBody = new Uint8Array(0);
