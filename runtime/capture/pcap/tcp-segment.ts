/** A TCP segment, and who sends it to whom. */
export interface TcpSegment {
  readonly source: string;
  readonly sourcePort: number;
  readonly target: string;
  readonly targetPort: number;
  /** The number of its first byte. */
  readonly seq: number;
  /** The number of the next byte that its sender waits for; undefined when it does not say. */
  readonly ack: number | undefined;
  readonly isSyn: boolean;
  readonly isFin: boolean;
  readonly isReset: boolean;
  /** As much of its bytes as was kept. A view, as of the frame. */
  readonly payload: Uint8Array;
  /** How many bytes there were. */
  readonly payloadBytes: number;
}

/**
 * The TCP segment in a packet.
 *
 * @param linkType how the packet begins
 * @returns `other` for what is none, `fragment` for a piece of an IP packet, which is not put together, `unknown` for a link type that is not known
 */
export function readTcpSegment(linkType: number, frame: Uint8Array): TcpSegment | "other" | "fragment" | "unknown" {
  const start = startOfIp(linkType, frame);
  if (start === undefined || start === "unknown") {
    return start ?? "other";
  }
  const version = (frame[start] ?? 0) >>> 4;
  return version === 4 ? readIpv4(frame, start) : version === 6 ? readIpv6(frame, start) : "other";
}

/** Where the IP packet begins; undefined where there is none. */
function startOfIp(linkType: number, frame: Uint8Array): number | undefined | "unknown" {
  switch (linkType) {
    case 1: // Ethernet: two addresses, then a type
      return behindTags(frame, 12);
    case 113: // Linux, cooked: kind, kind of address, its length, 8 bytes of it, then a type
      return behindTags(frame, 14);
    case 276: // the same, version 2: a type, and 18 bytes
      return isIp(uint16(frame, 0)) ? 20 : undefined;
    case 0: // the machine itself: a family, in the order of the machine that captured
    case 108: // or in the network's
      return 4;
    case 12:
    case 14:
    case 101: // IP without anything before it
    case 228:
    case 229:
      return 0;
    default:
      return "unknown";
  }
}

/** Goes over the tags of VLANs that stand before the type. */
function behindTags(frame: Uint8Array, typeAt: number): number | undefined {
  let at = typeAt;
  while (vlanTypes.has(uint16(frame, at))) {
    at += 4;
  }
  return isIp(uint16(frame, at)) ? at + 2 : undefined;
}

function readIpv4(frame: Uint8Array, start: number): TcpSegment | "other" | "fragment" {
  const headerBytes = ((frame[start] as number) & 0x0f) * 4;
  if (headerBytes < 20 || start + 20 > frame.length || frame[start + 9] !== tcp) {
    return "other";
  }
  // What is left to come, and where in the whole it stands.
  if ((uint16(frame, start + 6) & 0x3fff) !== 0) {
    return "fragment";
  }
  const total = uint16(frame, start + 2);
  // A network card that cuts by itself is handed packets of length 0.
  const end = total === 0 ? frame.length : start + total;
  const address = (at: number): string => frame.subarray(at, at + 4).join(".");
  return readTcp(frame, start + headerBytes, end, address(start + 12), address(start + 16));
}

function readIpv6(frame: Uint8Array, start: number): TcpSegment | "other" | "fragment" {
  if (start + 40 > frame.length) {
    return "other";
  }
  const length = uint16(frame, start + 4);
  const end = length === 0 ? frame.length : start + 40 + length;
  let next = frame[start + 6] as number;
  let at = start + 40;
  while (next !== tcp) {
    if (at + 8 > frame.length) {
      return "other";
    }
    const after = frame[at] as number;
    const units = frame[at + 1] as number;
    if (next === fragment) {
      if ((uint16(frame, at + 2) & 0xfff9) !== 0) {
        return "fragment";
      }
      at += 8;
    } else if (next === authentication) {
      at += (units + 2) * 4;
    } else if (extensions.has(next)) {
      at += (units + 1) * 8;
    } else {
      return "other";
    }
    next = after;
  }
  return readTcp(frame, at, end, ipv6Of(frame, start + 8), ipv6Of(frame, start + 24));
}

/** @param end where the whole packet ends, which need not have been kept so far */
function readTcp(frame: Uint8Array, start: number, end: number, source: string, target: string): TcpSegment | "other" {
  const headerBytes = ((frame[start + 12] ?? 0) >>> 4) * 4;
  const payloadAt = start + headerBytes;
  if (headerBytes < 20 || start + 20 > frame.length || payloadAt > end) {
    return "other";
  }
  const flags = frame[start + 13] as number;
  return {
    source,
    sourcePort: uint16(frame, start),
    target,
    targetPort: uint16(frame, start + 2),
    seq: uint32(frame, start + 4),
    ack: (flags & 0x10) === 0 ? undefined : uint32(frame, start + 8),
    isSyn: (flags & 0x02) !== 0,
    isFin: (flags & 0x01) !== 0,
    isReset: (flags & 0x04) !== 0,
    payload: frame.subarray(payloadAt, Math.max(payloadAt, Math.min(end, frame.length))),
    payloadBytes: end - payloadAt,
  };
}

/** An address in full, each part without its zeros: the same address is the same text. */
function ipv6Of(frame: Uint8Array, start: number): string {
  return Array.from({ length: 8 }, (_, index) => uint16(frame, start + index * 2).toString(16)).join(":");
}

function isIp(type: number): boolean {
  return type === 0x0800 || type === 0x86dd;
}

/** Past the end there are zeros. */
function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function uint32(bytes: Uint8Array, at: number): number {
  return uint16(bytes, at) * 65_536 + uint16(bytes, at + 2);
}

const vlanTypes: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);
const tcp = 6;
const fragment = 44;
const authentication = 51;
/** Hop by hop, routing, destination, mobility, host identity, shim. */
const extensions: ReadonlySet<number> = new Set([0, 43, 60, 135, 139, 140]);
