// A hot file: it sees every message that arrives. One header object a connection, filled anew for each message.

import { NanowireError } from "../base/error.js";
import {
  flagCompressedPayload,
  flagCompressedRoute,
  flagError,
  flagReserved,
  flagTypeMask,
  flagTypeShift,
  type MessageId,
} from "./message.js";
import type { MessageType } from "./message-type.js";
import * as messageType from "./message-type.js";
import { readText } from "./wire/read-text.js";
import { strictUtf8 } from "./wire/text-decoders.js";

/** What stands before a message's payload. */
export class MessageHeader {
  type: MessageType = messageType.request;
  /** Of a request or response; 0 otherwise. */
  id: MessageId = 0;
  /** The route's code; 0 when the route is not compressed. */
  code = 0;
  /** The route, when it is not compressed. */
  route = "";
  /** Whether the payload is a zlib stream. */
  compressed = false;
  /** Whether the payload of a response is an error. */
  error = false;
  /** Where the payload begins. */
  payloadStart = 0;
}

/**
 * Reads the header of the message in `bytes` from `start` to `end` into `header`.
 *
 * @throws NanowireError `invalid_message` for anything that PROTOCOL.md, 2 does not allow
 */
export function decodeMessageHeader(bytes: Uint8Array, start: number, end: number, header: MessageHeader): void {
  if (start >= end) {
    throw invalid("a message of 0 bytes has no flag");
  }
  const flag = bytes[start] as number;
  const type = (flag >>> flagTypeShift) & flagTypeMask;
  if (type > messageType.push || (flag & flagReserved) !== 0) {
    throw invalid(`message flag 0b${flag.toString(2)} has a type or a bit that does not exist`);
  }
  header.type = type as MessageType;
  header.compressed = (flag & flagCompressedPayload) !== 0;
  header.error = (flag & flagError) !== 0 && type === messageType.response;
  header.id = 0;
  header.code = 0;
  header.route = "";
  header.payloadStart = start + 1;
  if (type === messageType.request || type === messageType.response) {
    readId(bytes, end, header);
    if (header.id === 0 && type === messageType.request) {
      throw invalid("a request has the id 0");
    }
  }
  if (type !== messageType.response) {
    readRoute(bytes, end, header, (flag & flagCompressedRoute) !== 0);
  }
}

/** Reads a base-128 varint of up to 64 bits. */
function readId(bytes: Uint8Array, end: number, header: MessageHeader): void {
  const start = header.payloadStart;
  let id = 0;
  let unit = 1;
  let byte = 0x80;
  while (byte >= 0x80) {
    if (header.payloadStart >= end) {
      throw invalid("the message's id does not end");
    }
    byte = bytes[header.payloadStart++] as number;
    // Nine bytes hold 63 bits; the tenth is the last one.
    if (header.payloadStart - start > 9 && byte > 1) {
      throw invalid("the message's id has more than 64 bits");
    }
    id += (byte & 0x7f) * unit;
    unit *= 128;
  }
  header.id = id <= Number.MAX_SAFE_INTEGER ? id : bigId(bytes, start, header.payloadStart);
}

function bigId(bytes: Uint8Array, start: number, end: number): bigint {
  let id = 0n;
  for (let offset = end - 1; offset >= start; offset--) {
    id = (id << 7n) | BigInt((bytes[offset] as number) & 0x7f);
  }
  return id;
}

function readRoute(bytes: Uint8Array, end: number, header: MessageHeader, compressed: boolean): void {
  const offset = header.payloadStart;
  if (compressed) {
    if (offset + 2 > end) {
      throw invalid(`a compressed route has ${end - offset} of its 2 bytes`);
    }
    header.code = ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
    if (header.code === 0) {
      throw invalid("the route code is 0");
    }
    header.payloadStart = offset + 2;
    return;
  }
  if (offset >= end) {
    throw invalid("the message ends before its route");
  }
  const length = bytes[offset] as number;
  const start = offset + 1;
  if (start + length > end) {
    throw invalid(`the route has ${end - start} of its ${length} bytes`);
  }
  try {
    header.route = readText(bytes, start, start + length, strictUtf8);
  } catch {
    throw invalid("the route is not UTF-8");
  }
  header.payloadStart = start + length;
}

function invalid(message: string): NanowireError {
  return new NanowireError("invalid_message", message);
}
