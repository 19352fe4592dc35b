// A hot file: every message that leaves is written here, packet header and all, in one pass into the out-buffer.

import type { ByteBuffer } from "../base/byte-buffer.js";
import { encodeRoute } from "./dictionary.js";
import {
  flagCompressedPayload,
  flagCompressedRoute,
  flagError,
  flagTypeShift,
  type MessageId,
  MessageType,
} from "./message.js";
import { PacketType, writePacketHeader } from "./packet.js";

/**
 * Writes a data packet with a response.
 *
 * @param error whether the payload is an error, and its receiver is to be told so
 * @param compressed whether the payload is a zlib stream
 */
export function writeResponse(
  out: ByteBuffer,
  id: MessageId,
  payload: Uint8Array,
  error: boolean,
  compressed = false,
): void {
  const flag =
    (MessageType.response << flagTypeShift) | (error ? flagError : 0) | (compressed ? flagCompressedPayload : 0);
  const offset = writePacketHeader(out, PacketType.data, 1 + idBytes(id) + payload.length);
  out.bytes[offset] = flag;
  out.bytes.set(payload, writeId(out.bytes, offset + 1, id));
}

/** Writes a data packet with a request. The route is sent as `code`, or in full when `code` is 0. */
export function writeRequest(out: ByteBuffer, id: MessageId, route: string, code: number, payload: Uint8Array): void {
  writeRouted(out, MessageType.request, id, route, code, payload, false);
}

/** Writes a data packet with a notify. The route is sent as `code`, or in full when `code` is 0. */
export function writeNotify(out: ByteBuffer, route: string, code: number, payload: Uint8Array): void {
  writeRouted(out, MessageType.notify, undefined, route, code, payload, false);
}

/**
 * Writes a data packet with a push. The route is sent as `code`, or in full when `code` is 0.
 *
 * @param compressed whether the payload is a zlib stream
 */
export function writePush(out: ByteBuffer, route: string, code: number, payload: Uint8Array, compressed = false): void {
  writeRouted(out, MessageType.push, undefined, route, code, payload, compressed);
}

function writeRouted(
  out: ByteBuffer,
  type: MessageType,
  id: MessageId | undefined,
  route: string,
  code: number,
  payload: Uint8Array,
  compressed: boolean,
): void {
  const text = code === 0 ? encodeRoute(route) : noText;
  const routeBytes = code === 0 ? 1 + text.length : 2;
  let offset = writePacketHeader(
    out,
    PacketType.data,
    1 + (id === undefined ? 0 : idBytes(id)) + routeBytes + payload.length,
  );
  const bytes = out.bytes;
  bytes[offset++] =
    (type << flagTypeShift) | (code === 0 ? 0 : flagCompressedRoute) | (compressed ? flagCompressedPayload : 0);
  if (id !== undefined) {
    offset = writeId(bytes, offset, id);
  }
  if (code === 0) {
    bytes[offset++] = text.length;
    bytes.set(text, offset);
    offset += text.length;
  } else {
    bytes[offset++] = code >>> 8;
    bytes[offset++] = code & 0xff;
  }
  bytes.set(payload, offset);
}

function idBytes(id: MessageId): number {
  let count = 1;
  if (typeof id === "bigint") {
    for (let rest = id >> 7n; rest > 0n; rest >>= 7n) {
      count++;
    }
  } else {
    for (let rest = id; rest >= 128; rest /= 128) {
      count++;
    }
  }
  return count;
}

/** Writes a varint and returns where it ends. */
function writeId(bytes: Uint8Array, start: number, id: MessageId): number {
  let offset = start;
  if (typeof id === "bigint") {
    let rest = id;
    for (; rest > 0x7fn; rest >>= 7n) {
      bytes[offset++] = Number(rest & 0x7fn) | 0x80;
    }
    bytes[offset++] = Number(rest);
  } else {
    let rest = id;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) {
      bytes[offset++] = (rest % 128) | 0x80;
    }
    bytes[offset++] = rest;
  }
  return offset;
}

const noText = new Uint8Array(0);
