// A hot file: every message that leaves is written here, packet header and all, in one pass into the out-buffer.

import type { ByteBuffer } from "../base/byte-buffer.js";
import { encodeRoute } from "./dictionary.js";
import { flagCompressedPayload, flagCompressedRoute, flagError, flagTypeShift, type MessageId } from "./message.js";
import * as messageType from "./message-type.js";
import { packetHeaderBytes, writeBodyLength, writePacketHeader } from "./packet.js";
import * as packetType from "./packet-type.js";

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
    (messageType.response << flagTypeShift) | (error ? flagError : 0) | (compressed ? flagCompressedPayload : 0);
  const offset = writePacketHeader(out, packetType.data, 1 + idBytes(id) + payload.length);
  out.bytes[offset] = flag;
  out.bytes.set(payload, writeId(out.bytes, offset + 1, id));
}

/**
 * Begins a data packet with a response, whose payload is then written behind it; {@link endMessage} ends it.
 *
 * @returns where the packet begins
 */
export function beginResponse(out: ByteBuffer, id: MessageId): number {
  const start = out.end;
  const offset = writePacketHeader(out, packetType.data, 1 + idBytes(id));
  out.bytes[offset] = messageType.response << flagTypeShift;
  writeId(out.bytes, offset + 1, id);
  return start;
}

/**
 * Begins a data packet with a push, as {@link beginResponse} does. The route is sent as `code`, or in full when `code` is 0.
 */
export function beginPush(out: ByteBuffer, route: string, code: number): number {
  const start = out.end;
  writePush(out, route, code, noText);
  return start;
}

/**
 * Ends a packet that was begun.
 *
 * @param start where it begins
 * @param end where its payload ends
 * @throws NanowireError `message_too_large`
 */
export function endMessage(out: ByteBuffer, start: number, end: number): void {
  writeBodyLength(out.bytes, start, end - start - packetHeaderBytes);
}

/** Writes a data packet with a request. The route is sent as `code`, or in full when `code` is 0. */
export function writeRequest(out: ByteBuffer, id: number, route: string, code: number, payload: Uint8Array): void {
  writeRouted(out, messageType.request << flagTypeShift, id, route, code, payload);
}

/** Writes a data packet with a notify. The route is sent as `code`, or in full when `code` is 0. */
export function writeNotify(out: ByteBuffer, route: string, code: number, payload: Uint8Array): void {
  writeRouted(out, messageType.notify << flagTypeShift, 0, route, code, payload);
}

/**
 * Writes a data packet with a push. The route is sent as `code`, or in full when `code` is 0.
 *
 * @param compressed whether the payload is a zlib stream
 */
export function writePush(out: ByteBuffer, route: string, code: number, payload: Uint8Array, compressed = false): void {
  const flag = (messageType.push << flagTypeShift) | (compressed ? flagCompressedPayload : 0);
  writeRouted(out, flag, 0, route, code, payload);
}

/** @param id 0: none */
function writeRouted(
  out: ByteBuffer,
  flag: number,
  id: number,
  route: string,
  code: number,
  payload: Uint8Array,
): void {
  const text = code === 0 ? encodeRoute(route) : noText;
  const headBytes = (id === 0 ? 1 : 1 + numberBytes(id)) + (code === 0 ? 1 + text.length : 2);
  let offset = writePacketHeader(out, packetType.data, headBytes + payload.length);
  const bytes = out.bytes;
  bytes[offset++] = code === 0 ? flag : flag | flagCompressedRoute;
  if (id !== 0) {
    offset = writeNumber(bytes, offset, id);
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
  return typeof id === "bigint" ? Math.ceil(id.toString(2).length / 7) : numberBytes(id);
}

/** Writes a varint and returns where it ends. */
function writeId(bytes: Uint8Array, start: number, id: MessageId): number {
  if (typeof id === "number") {
    return writeNumber(bytes, start, id);
  }
  let offset = start;
  let rest = id;
  for (; rest > 0x7fn; rest >>= 7n) {
    bytes[offset++] = Number(rest & 0x7fn) | 0x80;
  }
  bytes[offset++] = Number(rest);
  return offset;
}

function numberBytes(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 128; rest /= 128) {
    count++;
  }
  return count;
}

function writeNumber(bytes: Uint8Array, start: number, value: number): number {
  let offset = start;
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) {
    bytes[offset++] = (rest % 128) | 0x80;
  }
  bytes[offset++] = rest;
  return offset;
}

const noText = new Uint8Array(0);
