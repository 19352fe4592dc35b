/*
 * The header that a proxy writes before a connection's own bytes (HAProxy's PROXY protocol).
 *
 * Version 1, a line of 107 bytes at the most:
 *
 *     PROXY TCP4 <source> <destination> <source port> <destination port>\r\n        or TCP6, or UNKNOWN
 *
 * Version 2:
 *
 *     0                 12         13         14               16
 *     +-----------------+----------+----------+----------------+-----------+-----------------------+
 *     | 0D 0A 0D 0A 00  |  2, then |  family, | length of what | addresses | type: 1, length: 2,   |
 *     | 0D 0A 51 55 49  |  command |  socket  | follows (BE)   | and ports | value: … and so on    |
 *     | 54 0A           |          |          |                |           |                       |
 *     +-----------------+----------+----------+----------------+-----------+-----------------------+
 */

import { isIPv4, isIPv6 } from "node:net";
import { NanowireError } from "../base/error.js";
import { formatAddress, plainAddress } from "./ip-address.js";
import { unixAddress } from "./networks.js";

/** What a PROXY header says. */
export interface ProxyHeader {
  /** How many bytes it has. */
  readonly length: number;
  /** Where the client comes from; undefined when the proxy speaks for itself (a health check) or does not know. */
  readonly source: string | undefined;
}

/** The longest header of version 2 that is read; one with addresses and a certificate's names has a few hundred bytes. */
export const maxProxyHeaderBytes = 4_096;

/**
 * Reads the PROXY header that a connection begins with.
 *
 * @returns `more` while it is not whole, `none` when the connection begins with something else
 * @throws NanowireError `invalid_proxy_header` from the first byte that cannot be right
 */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader | "more" | "none" {
  if (beginsLike(bytes, signature)) {
    return bytes.length < fixedBytes ? "more" : readBinary(bytes);
  }
  if (beginsLike(bytes, linePrefix)) {
    return readLine(bytes);
  }
  return "none";
}

/** Whether the bytes are the beginning of what `expected` says, as far as there are some. */
function beginsLike(bytes: Uint8Array, expected: Uint8Array): boolean {
  const length = Math.min(bytes.length, expected.length);
  return expected.subarray(0, length).every((byte, index) => bytes[index] === byte);
}

function readLine(bytes: Uint8Array): ProxyHeader | "more" {
  const lineFeed = bytes.subarray(0, maxLineBytes).indexOf(0x0a);
  if (lineFeed < 0) {
    if (bytes.length >= maxLineBytes) {
      throw invalid(`its line does not end within ${maxLineBytes} bytes`);
    }
    return "more";
  }
  const line = String.fromCharCode(...bytes.subarray(0, lineFeed + 1));
  if (/^PROXY UNKNOWN(?: [^\r\n]*)?\r\n$/.test(line)) {
    return { length: line.length, source: undefined };
  }
  const [, family, source = "", destination = "", ...ports] =
    /^PROXY TCP([46]) ([^ \r]+) ([^ \r]+) (\d+) (\d+)\r\n$/.exec(line) ?? [];
  const isAddress = family === "4" ? isIPv4 : isIPv6;
  if (family === undefined || !isAddress(source) || !isAddress(destination) || !ports.every(isPort)) {
    throw invalid("its line is none of TCP4, TCP6 or UNKNOWN");
  }
  return { length: line.length, source: plainAddress(source) };
}

function isPort(text: string): boolean {
  return Number(text) <= 65_535 && String(Number(text)) === text;
}

function readBinary(bytes: Uint8Array): ProxyHeader | "more" {
  const [version, command] = halves(bytes[12] as number);
  const [family, socketType] = halves(bytes[13] as number);
  const length = fixedBytes + uint16(bytes, 14);
  if (version !== 2 || command > proxied) {
    throw invalid(`its version is ${version} and its command ${command}`);
  }
  if (family > familyUnix || socketType > 2) {
    throw invalid(`its address family is ${family} and its kind of socket ${socketType}`);
  }
  if (length > maxProxyHeaderBytes) {
    throw invalid(`it has ${length} bytes, more than ${maxProxyHeaderBytes}`);
  }
  const isLocal = command !== proxied || family === 0 || socketType === 0;
  const addresses = isLocal ? 0 : (addressesBytes[family] as number);
  if (length < fixedBytes + addresses) {
    throw invalid(`it has ${length} bytes, too few for its addresses`);
  }
  if (bytes.length < length) {
    return "more";
  }
  if (isLocal) {
    return { length, source: undefined };
  }
  checkExtensions(bytes.subarray(0, length), fixedBytes + addresses);
  const source =
    family === familyUnix
      ? unixAddress
      : formatAddress(bytes.subarray(fixedBytes, fixedBytes + (family === 1 ? 4 : 16)));
  return { length, source };
}

/** Extensions say what is not asked for here; a checksum among them has to be right. */
function checkExtensions(header: Uint8Array, start: number): void {
  for (let offset = start; offset < header.length; ) {
    const end = offset + 3 + (offset + 3 > header.length ? 0 : uint16(header, offset + 1));
    if (end > header.length) {
      throw invalid("an extension is longer than the header");
    }
    if (header[offset] === checksumType) {
      checkChecksum(header, offset + 3, end);
    }
    offset = end;
  }
}

/** The checksum is that of the whole header, with zeros where it stands itself. */
function checkChecksum(header: Uint8Array, start: number, end: number): void {
  const zeroed = header.slice().fill(0, start, end);
  const told = end - start === 4 ? uint16(header, start) * 0x10000 + uint16(header, start + 2) : undefined;
  if (told !== crc32c(zeroed)) {
    throw invalid("its checksum is wrong");
  }
}

/** RFC 3720, appendix B.4. Bit by bit: one header a connection, and seldom with a checksum. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0x82f63b78;
    }
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function halves(byte: number): readonly [number, number] {
  return [byte >>> 4, byte & 0x0f];
}

function uint16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
}

function invalid(what: string): NanowireError {
  return new NanowireError("invalid_proxy_header", `the PROXY header cannot be read: ${what}`);
}

const signature = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
const linePrefix = Uint8Array.from("PROXY ", (character) => character.charCodeAt(0));
const maxLineBytes = 107;
const fixedBytes = 16;
const proxied = 1;
const familyUnix = 3;
const checksumType = 0x03;
/** Of both ends together, by family: none, IPv4, IPv6, Unix. */
const addressesBytes = [0, 12, 36, 216];
