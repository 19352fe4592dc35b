import { concat } from "../../protocol/hex.js";
import type { Said } from "./recording-proxy.js";

/** A segment as a wire would see it. */
export interface Segment {
  readonly fromClient: boolean;
  readonly connection: number;
  readonly seq: number;
  readonly ack: number | undefined;
  readonly flags: number;
  readonly payload: Uint8Array;
}

/** How packets are wrapped. */
export interface Wrapping {
  /** The server's port, of each connection. Default: 3250. */
  readonly portOf?: (connection: number) => number;
  /** Default: Ethernet. */
  readonly link?: "ethernet" | "vlan" | "sll" | "sll2" | "null" | "loop" | "raw";
  /** Default: 4. `extended`: version 6 with headers before TCP's. */
  readonly ip?: 4 | 6 | "extended";
}

/** How a file is written. */
export interface FileForm extends Wrapping {
  /** Default: pcap. */
  readonly format?: "pcap" | "pcap-ns" | "pcapng";
  /** Whether the highest byte of a number comes first. Default: false. */
  readonly isBig?: boolean;
  /** The most bytes of a packet that are kept. Default: all. */
  readonly snapBytes?: number;
  /** Microseconds between two packets. Default: 10. */
  readonly stepUs?: number;
}

export const fin = 0x01;
export const syn = 0x02;
export const reset = 0x04;
export const serverPort = 3250;
/** 2026-11-22T10:00:00Z. */
export const startUs = 1_795_341_600_000_000;

/**
 * The segments of what was said, in the order in which they were sent.
 *
 * @param cut how long the next segment is, of so many bytes. Default: all of them
 */
export function segmentsOf(said: readonly Said[], cut: (left: number) => number = (left) => left): Segment[] {
  const segments: Segment[] = [];
  const next = new Map<number, { client: number; server: number }>();
  for (const { connection, side, bytes } of said) {
    let numbers = next.get(connection);
    if (numbers === undefined) {
      // Numbers begin again after 2^32: some do so here.
      numbers = { client: (2 ** 32 - 20 + connection) >>> 0, server: 1_000 };
      next.set(connection, numbers);
      const about = { connection, payload: nothing };
      segments.push(
        { ...about, fromClient: true, seq: numbers.client++, ack: undefined, flags: syn },
        { ...about, fromClient: false, seq: numbers.server++, ack: numbers.client, flags: syn },
        { ...about, fromClient: true, seq: numbers.client, ack: numbers.server, flags: 0 },
      );
    }
    const other = side === "client" ? "server" : "client";
    const about = { connection, fromClient: side === "client" };
    if (bytes === undefined) {
      segments.push({ ...about, seq: numbers[side], ack: numbers[other], flags: fin, payload: nothing });
      numbers[side] = (numbers[side] + 1) >>> 0;
      continue;
    }
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + Math.max(1, cut(bytes.length - at)));
      segments.push({ ...about, seq: numbers[side], ack: numbers[other], flags: 0, payload: bytes.slice(at, end) });
      numbers[side] = (numbers[side] + end - at) >>> 0;
      at = end;
    }
  }
  return segments;
}

/** A file with these segments. */
export function pcapOf(segments: readonly Segment[], form: FileForm = {}): Uint8Array {
  const { format = "pcap", isBig = false, snapBytes = 65_535, stepUs = 10 } = form;
  const write = new Writer(isBig);
  const frames = segments.map((segment) => frameOf(segment, form));
  const linkType = linkTypes[form.link ?? "ethernet"];
  if (format === "pcapng") {
    return concat(
      write.block(0x0a0d0d0a, write.u32(0x1a2b3c4d), write.u16(1), write.u16(0), write.u32(0xffffffff, 0xffffffff)),
      // A block that says nothing of packets, and an interface whose clock counts nanoseconds.
      write.block(0x0bad, new Uint8Array(8)),
      write.block(
        1,
        write.u16(linkType),
        write.u16(0),
        write.u32(snapBytes),
        write.u16(9),
        write.u16(1),
        Uint8Array.of(9, 0, 0, 0),
        write.u32(0),
      ),
      ...frames.map((frame, index) => {
        const ns = BigInt(startUs + index * stepUs) * 1_000n;
        const kept = frame.subarray(0, snapBytes);
        const padded = concat(kept, new Uint8Array(-kept.length & 3));
        return write.block(
          6,
          write.u32(0, Number(ns >> 32n), Number(ns & 0xffffffffn), kept.length, frame.length),
          padded,
        );
      }),
    );
  }
  const isNano = format === "pcap-ns";
  return concat(
    write.u32(isNano ? 0xa1b23c4d : 0xa1b2c3d4),
    write.u16(2),
    write.u16(4),
    write.u32(0, 0, snapBytes, linkType),
    ...frames.map((frame, index) => {
      const us = startUs + index * stepUs;
      const fraction = (us % 1_000_000) * (isNano ? 1_000 : 1);
      const kept = frame.subarray(0, snapBytes);
      return concat(write.u32(Math.floor(us / 1_000_000), fraction, kept.length, frame.length), kept);
    }),
  );
}

const linkTypes = { ethernet: 1, vlan: 1, sll: 113, sll2: 276, null: 0, loop: 108, raw: 101 } as const;
const nothing = new Uint8Array(0);
const big = { u16: (value: number) => Uint8Array.of(value >>> 8, value & 0xff) };

class Writer {
  readonly #isBig: boolean;

  constructor(isBig: boolean) {
    this.#isBig = isBig;
  }

  u16(value: number): Uint8Array {
    const bytes = new Uint8Array(2);
    new DataView(bytes.buffer).setUint16(0, value, !this.#isBig);
    return bytes;
  }

  u32(...values: readonly number[]): Uint8Array {
    const bytes = new Uint8Array(values.length * 4);
    for (const [index, value] of values.entries()) {
      new DataView(bytes.buffer).setUint32(index * 4, value, !this.#isBig);
    }
    return bytes;
  }

  block(type: number, ...parts: readonly Uint8Array[]): Uint8Array {
    const body = concat(...parts);
    const length = this.u32(12 + body.length);
    return concat(this.u32(type), length, body, length);
  }
}

/** A packet, from the link's header on; in the network's order. */
function frameOf(segment: Segment, { link = "ethernet", ip = 4, portOf = () => serverPort }: Wrapping): Uint8Array {
  const tcp = tcpOf(segment, portOf(segment.connection));
  const packet = ip === 4 ? ipv4Of(segment, tcp) : ipv6Of(segment, tcp, ip === "extended");
  const type = big.u16(ip === 4 ? 0x0800 : 0x86dd);
  switch (link) {
    case "ethernet":
      // Short frames are filled up.
      return concat(new Uint8Array(12), type, packet, new Uint8Array(Math.max(0, 46 - packet.length)));
    case "vlan":
      return concat(new Uint8Array(12), big.u16(0x88a8), big.u16(7), big.u16(0x8100), big.u16(9), type, packet);
    case "sll":
      return concat(new Uint8Array(14), type, packet);
    case "sll2":
      return concat(type, new Uint8Array(18), packet);
    case "null":
      return concat(Uint8Array.of(ip === 4 ? 2 : 30, 0, 0, 0), packet);
    case "loop":
      return concat(Uint8Array.of(0, 0, 0, ip === 4 ? 2 : 30), packet);
    case "raw":
      return packet;
  }
}

function ipv4Of(segment: Segment, tcp: Uint8Array): Uint8Array {
  const [from, to] = segment.fromClient ? [client4(segment), server4] : [server4, client4(segment)];
  return concat(
    Uint8Array.of(0x45, 0),
    big.u16(20 + tcp.length),
    Uint8Array.of(0, 0, 0x40, 0, 64, 6, 0, 0, ...from, ...to),
    tcp,
  );
}

function ipv6Of(segment: Segment, tcp: Uint8Array, isExtended: boolean): Uint8Array {
  const [from, to] = segment.fromClient ? [client6, server6] : [server6, client6];
  // Hop by hop, of 16 bytes; authentication, of 12; a fragment that is the whole; then TCP.
  const extensions = isExtended
    ? concat(
        concat(Uint8Array.of(51, 1), new Uint8Array(14)),
        concat(Uint8Array.of(44, 1), new Uint8Array(10)),
        concat(Uint8Array.of(6), new Uint8Array(7)),
      )
    : nothing;
  return concat(
    Uint8Array.of(0x60, 0, 0, 0),
    big.u16(extensions.length + tcp.length),
    Uint8Array.of(isExtended ? 0 : 6, 64, ...from, ...to),
    extensions,
    tcp,
  );
}

function tcpOf({ fromClient, connection, seq, ack, flags, payload }: Segment, server: number): Uint8Array {
  const client = 50_000 + connection;
  const [from, to] = fromClient ? [client, server] : [server, client];
  const view = new DataView(new ArrayBuffer(24));
  view.setUint16(0, from);
  view.setUint16(2, to);
  view.setUint32(4, seq >>> 0);
  view.setUint32(8, (ack ?? 0) >>> 0);
  // 24 bytes, four of them options.
  view.setUint8(12, 0x60);
  view.setUint8(13, flags | (ack === undefined ? 0 : 0x10));
  return concat(new Uint8Array(view.buffer), payload);
}

const client4 = ({ connection }: Segment): number[] => [10, 0, 0, 7 + connection];
const server4 = [10, 0, 0, 1];
const client6 = [0x20, 0x01, 0x0d, 0xb8, ...Array.from({ length: 11 }, () => 0), 7];
const server6 = [0x20, 0x01, 0x0d, 0xb8, ...Array.from({ length: 11 }, () => 0), 1];
