/*
 * A file of captured packets, in one of two formats, each in either order of bytes.
 *
 * pcap:    magic, version, zone, digits, snap length, link type: 24 bytes
 *          then for each packet: seconds, fraction, bytes kept, bytes there were: 4 × 4 bytes; then the bytes
 *
 * pcapng:  blocks: type, length, body, the same length again; a section begins with 0x0a0d0d0a and tells the order, an
 *          interface (1) its link type and clock, an enhanced (6), simple (3) or old (2) packet block has a packet
 */

import { captureFault } from "../fault.js";
import { ByteQueue } from "./byte-queue.js";

/** What was seen on a wire. */
export interface CapturedFrame {
  /** When: Unix time in microseconds. */
  readonly timeUs: number;
  /** How the bytes begin: a number of https://www.tcpdump.org/linktypes.html. */
  readonly linkType: number;
  /** What was kept. A view, good until the next `read`. */
  readonly bytes: Uint8Array;
}

/** Where the packets of an interface come from, and what its clock counts. */
interface CaptureInterface {
  readonly linkType: number;
  readonly snapLength: number;
  readonly ticksPerSecond: number;
  readonly offsetSeconds: number;
}

/** The longest packet that is taken: what a network card puts together of many is shorter. */
export const maxFrameBytes = 1_048_576;

/** The most interfaces of a section. */
const maxInterfaces = 1_024;

/** Reads a file of packets piece by piece, cut anywhere. What it holds is one packet at the most. */
export class PcapReader {
  readonly #name: string;
  readonly #queue = new ByteQueue();
  #format: "unknown" | "pcap" | "pcapng" = "unknown";
  #isLittle = true;
  /** Of pcap: the only one. */
  readonly #interfaces: CaptureInterface[] = [];
  /** How many bytes of a block that says nothing of packets are to come. */
  #toSkip = 0;

  /** @param name what errors call the file */
  constructor(name: string) {
    this.#name = name;
  }

  /**
   * Reads on.
   *
   * @throws NanowireError `invalid_capture`, with the place in the file
   */
  *read(chunk: Uint8Array): Generator<CapturedFrame, void, undefined> {
    const queue = this.#queue;
    queue.push(chunk);
    for (;;) {
      this.#toSkip -= queue.skip(this.#toSkip);
      if (this.#toSkip > 0) {
        return;
      }
      if (this.#format === "unknown" && !this.#begin()) {
        return;
      }
      const before = queue.offset;
      const frame = this.#format === "pcap" ? this.#record() : this.#block();
      if (frame !== undefined) {
        yield frame;
      } else if (queue.offset === before && this.#toSkip === 0) {
        return;
      }
    }
  }

  /**
   * The file ends.
   *
   * @returns what is wrong with that; undefined when it ends behind a packet
   * @throws NanowireError `invalid_capture` where it was none
   */
  end(): string | undefined {
    const { length, offset } = this.#queue;
    if (this.#format === "unknown") {
      throw this.#fault(offset, `${length} bytes are no file of packets`);
    }
    return length === 0 && this.#toSkip === 0
      ? undefined
      : `${this.#name}: it ends at byte ${offset + length}, within a packet that begins at byte ${offset}`;
  }

  /** Looks at how the file begins. @returns whether so much of it is there */
  #begin(): boolean {
    const first = this.#queue.peek(4);
    if (first === undefined) {
      return false;
    }
    const magic = viewOf(first).getUint32(0, true);
    if (magic === sectionHeader) {
      this.#format = "pcapng";
      return true;
    }
    const found = magics.get(magic);
    if (found === undefined) {
      const isPacked = first[0] === 0x1f && first[1] === 0x8b;
      const hex = Buffer.from(first).toString("hex");
      throw this.#fault(
        0,
        isPacked ? "it is packed with gzip: unpack it first" : `it begins with ${hex}, as neither pcap nor pcapng does`,
      );
    }
    const header = this.#queue.take(24);
    if (header === undefined) {
      return false;
    }
    this.#isLittle = found.isLittle;
    this.#format = "pcap";
    const view = viewOf(header);
    this.#interfaces.push({
      snapLength: maxFrameBytes,
      // What stands above 16 bits tells of checksums.
      linkType: view.getUint32(20, found.isLittle) & 0xffff,
      ticksPerSecond: found.ticksPerSecond,
      offsetSeconds: 0,
    });
    return true;
  }

  #record(): CapturedFrame | undefined {
    const { offset } = this.#queue;
    const header = this.#queue.peek(16);
    if (header === undefined) {
      return undefined;
    }
    const view = viewOf(header);
    const length = view.getUint32(8, this.#isLittle);
    this.#assertFits(offset, length);
    const record = this.#queue.take(16 + length);
    const from = this.#interfaces[0] as CaptureInterface;
    return record === undefined
      ? undefined
      : {
          timeUs: microsecondsOf(view.getUint32(0, this.#isLittle), view.getUint32(4, this.#isLittle), from),
          linkType: from.linkType,
          bytes: record.subarray(16),
        };
  }

  #block(): CapturedFrame | undefined {
    const queue = this.#queue;
    const { offset } = queue;
    const header = queue.peek(12);
    if (header === undefined) {
      return undefined;
    }
    const isSection = viewOf(header).getUint32(0, true) === sectionHeader;
    if (isSection) {
      this.#beginSection(offset, viewOf(header).getUint32(8, true));
    }
    const view = viewOf(header);
    const type = view.getUint32(0, this.#isLittle);
    const length = view.getUint32(4, this.#isLittle);
    if (length < 12 || length % 4 !== 0) {
      throw this.#fault(offset, `a block cannot be ${length} bytes long`);
    }
    if (isSection || !isRead(type)) {
      this.#toSkip = length;
      return undefined;
    }
    this.#assertFits(offset, length);
    const block = queue.take(length);
    if (block === undefined) {
      return undefined;
    }
    const again = viewOf(block).getUint32(length - 4, this.#isLittle);
    if (again !== length) {
      throw this.#fault(offset, `a block of ${length} bytes says at its end that it has ${again}`);
    }
    const body = block.subarray(8, length - 4);
    if (type !== interfaceBlock) {
      return this.#packet(offset, type, body);
    }
    this.#interfaces.push(this.#interfaceOf(offset, body));
    return undefined;
  }

  #beginSection(offset: number, order: number): void {
    if (order !== orderMagic && order !== orderMagicSwapped) {
      throw this.#fault(offset, "a section does not tell the order of its bytes");
    }
    this.#isLittle = order === orderMagic;
    this.#interfaces.length = 0;
  }

  #interfaceOf(offset: number, body: Uint8Array): CaptureInterface {
    if (body.length < 8 || this.#interfaces.length >= maxInterfaces) {
      const why = body.length < 8 ? "an interface has no link type" : `there are more than ${maxInterfaces} interfaces`;
      throw this.#fault(offset, why);
    }
    const view = viewOf(body);
    const isLittle = this.#isLittle;
    let ticksPerSecond = 1_000_000;
    let offsetSeconds = 0;
    for (let at = 8; at + 4 <= body.length; ) {
      const code = view.getUint16(at, isLittle);
      const length = view.getUint16(at + 2, isLittle);
      const value = at + 4;
      if (code === timeResolution && length >= 1 && value < body.length) {
        const power = body[value] as number;
        ticksPerSecond = power >= 0x80 ? 2 ** (power & 0x7f) : 10 ** power;
      } else if (code === timeOffset && length >= 8 && value + 8 <= body.length) {
        offsetSeconds = Number(view.getBigInt64(value, isLittle));
      }
      at = value + length + (-length & 3);
    }
    const snapLength = view.getUint32(4, isLittle) || maxFrameBytes;
    return { linkType: view.getUint16(0, isLittle), snapLength, ticksPerSecond, offsetSeconds };
  }

  #packet(offset: number, type: number, body: Uint8Array): CapturedFrame {
    const view = viewOf(body);
    const isLittle = this.#isLittle;
    const headerBytes = type === simplePacket ? 4 : 20;
    if (body.length < headerBytes) {
      throw this.#fault(offset, `a packet's block has ${body.length} bytes, too few for its header`);
    }
    const number =
      type === simplePacket ? 0 : type === oldPacket ? view.getUint16(0, isLittle) : view.getUint32(0, isLittle);
    const from = this.#interfaces[number];
    if (from === undefined) {
      throw this.#fault(offset, `a packet is of interface ${number}, of which nothing was said`);
    }
    if (type === simplePacket) {
      const length = Math.min(view.getUint32(0, isLittle), from.snapLength, body.length - 4);
      return { timeUs: 0, linkType: from.linkType, bytes: body.subarray(4, 4 + length) };
    }
    const length = view.getUint32(12, isLittle);
    if (headerBytes + length > body.length) {
      throw this.#fault(
        offset,
        `a packet of ${length} bytes stands in a block with room for ${body.length - headerBytes}`,
      );
    }
    const ticks = view.getUint32(4, isLittle) * 2 ** 32 + view.getUint32(8, isLittle);
    return {
      timeUs: microsecondsOf(from.offsetSeconds, ticks, from),
      linkType: from.linkType,
      bytes: body.subarray(headerBytes, headerBytes + length),
    };
  }

  #assertFits(offset: number, length: number): void {
    if (length > maxFrameBytes) {
      throw this.#fault(offset, `a packet of ${length} bytes is longer than ${maxFrameBytes}`);
    }
  }

  #fault(offset: number, what: string): Error {
    return captureFault(`${this.#name}: at byte ${offset}: ${what}`);
  }
}

function microsecondsOf(seconds: number, ticks: number, { ticksPerSecond }: CaptureInterface): number {
  const whole = Math.floor(ticks / ticksPerSecond);
  return (seconds + whole) * 1_000_000 + Math.round(((ticks - whole * ticksPerSecond) * 1_000_000) / ticksPerSecond);
}

function isRead(type: number): boolean {
  return type === interfaceBlock || type === oldPacket || type === simplePacket || type === enhancedPacket;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** How pcap begins, read as if its lowest byte came first. */
const magics: ReadonlyMap<number, { readonly isLittle: boolean; readonly ticksPerSecond: number }> = new Map([
  [0xa1b2c3d4, { isLittle: true, ticksPerSecond: 1_000_000 }],
  [0xd4c3b2a1, { isLittle: false, ticksPerSecond: 1_000_000 }],
  [0xa1b23c4d, { isLittle: true, ticksPerSecond: 1_000_000_000 }],
  [0x4d3cb2a1, { isLittle: false, ticksPerSecond: 1_000_000_000 }],
]);

const sectionHeader = 0x0a0d0d0a;
const orderMagic = 0x1a2b3c4d;
const orderMagicSwapped = 0x4d3c2b1a;
const interfaceBlock = 1;
const oldPacket = 2;
const simplePacket = 3;
const enhancedPacket = 6;
const timeResolution = 9;
const timeOffset = 14;
