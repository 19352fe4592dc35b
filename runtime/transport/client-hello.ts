/*
 * What a TLS connection begins with (RFC 8446, 5.1 and 4): records that hold the client's first message.
 *
 *     0        1                 3                 5
 *     +--------+-----------------+-----------------+--------+--------------------------+---- - -
 *     |   22   |  3, minor       |  length (BE)     |    1   |  length of the message   |  message
 *     +--------+-----------------+-----------------+--------+--------------------------+---- - -
 *     record                                       message, which may go on in further records
 */

import { NanowireError } from "../base/error.js";

/** The first byte of a TLS connection. */
export const tlsRecordType = 22;

/**
 * Finds the end of the client's first message: what costs a server its signature.
 *
 * @returns how many bytes there are to the end of the record that ends it, or `more` while it is not whole
 * @throws NanowireError `tls_failed` from the first byte that cannot be right
 */
export function clientHelloBytes(bytes: Uint8Array): number | "more" {
  let end = 0;
  let held = 0;
  let needed = messageHeaderBytes;
  for (let records = 0; held < needed; records++) {
    const start = end + recordHeaderBytes;
    checkRecordHeader(bytes, end);
    if (bytes.length < start) {
      return "more";
    }
    const length = ((bytes[end + 3] as number) << 8) | (bytes[end + 4] as number);
    if (length < (end === 0 ? messageHeaderBytes : 1) || length > mostBytes) {
      throw notTls(`a record of ${length} bytes`);
    }
    if (records === mostRecords) {
      throw notTls(`a message in more than ${mostRecords} records`);
    }
    if (end === 0 && bytes.length >= start + messageHeaderBytes) {
      needed += messageBytes(bytes, start);
    }
    end = start + length;
    held += length;
    if (bytes.length < end) {
      return "more";
    }
  }
  return end;
}

function checkRecordHeader(bytes: Uint8Array, start: number): void {
  const type = bytes[start] ?? tlsRecordType;
  const major = bytes[start + 1] ?? 3;
  if (type !== tlsRecordType || major !== 3) {
    throw notTls(`the bytes ${type}, ${major}`);
  }
}

function messageBytes(bytes: Uint8Array, start: number): number {
  const length =
    ((bytes[start + 1] as number) << 16) | ((bytes[start + 2] as number) << 8) | (bytes[start + 3] as number);
  if (bytes[start] !== clientHello || length > mostBytes) {
    throw notTls(`a message of type ${bytes[start]} and ${length} bytes`);
  }
  return length;
}

function notTls(what: string): NanowireError {
  return new NanowireError("tls_failed", `a TLS connection cannot begin with ${what}`);
}

const recordHeaderBytes = 5;
const messageHeaderBytes = 4;
const clientHello = 1;
/** What a record holds at the most, and the message may: a browser's has some 2,000 bytes. */
const mostBytes = 16_384;
/** In how many records it may come: clients use one. */
const mostRecords = 64;
