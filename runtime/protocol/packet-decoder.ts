// A hot file: it sees every byte that arrives. No view, closure or array a packet: a packet is an offset into the chunk.

import { ByteBuffer } from "../base/byte-buffer.js";
import { NanowireError } from "../base/error.js";
import { packetHeaderBytes } from "./limits.js";
import type { PacketType } from "./packet-type.js";
import * as packetType from "./packet-type.js";

/** Takes the packets that a {@link PacketDecoder} finds. */
export interface PacketSink {
  /**
   * One whole packet. Its body are the bytes from `start` to `end`; they may be kept, they are not written again.
   *
   * @returns whether to go on: after `false` the rest of the chunk is dropped
   */
  packet(type: PacketType, bytes: Uint8Array, start: number, end: number): boolean;
}

/**
 * Finds the packets in a stream of bytes that may be cut anywhere. Packets that arrive whole are handed on where they
 * lie; only one that is cut is copied together, into memory that grows with what has arrived, never with what its header claims.
 *
 * After an error nothing more may be fed: the stream cannot be read on.
 */
export class PacketDecoder {
  #maxBytes!: number;
  #limitName!: string;
  #lastType!: PacketType;
  /** The beginning of a packet whose end has not arrived; undefined while none is held. */
  #partial: ByteBuffer | undefined;

  /**
   * @param maxBytes the greatest length of a packet's body
   * @param limitName what an error calls that limit
   * @param lastType the greatest type that is taken
   */
  constructor(maxBytes: number, limitName = "maxPacketBytes", lastType: PacketType = packetType.kick) {
    this.limit(maxBytes, limitName, lastType);
  }

  /** Changes the limits, for the packets whose header has not arrived yet. */
  limit(maxBytes: number, limitName: string, lastType: PacketType = packetType.kick): void {
    this.#maxBytes = maxBytes;
    this.#limitName = limitName;
    this.#lastType = lastType;
  }

  /**
   * Reads on.
   *
   * @param start where in the array the bytes begin that came. Default: 0
   * @param end where they end. Default: with the array
   * @throws NanowireError `invalid_packet_type` from a packet's first byte, `packet_too_large` from its fourth: before
   * any of its body is kept
   */
  decode(chunk: Uint8Array, sink: PacketSink, start = 0, end: number = chunk.length): void {
    let offset = start;
    if (this.#partial !== undefined) {
      offset = this.#complete(this.#partial, chunk, start, end, sink);
      if (offset < 0) {
        return;
      }
    }
    while (end - offset >= packetHeaderBytes) {
      const type = this.#typeAt(chunk, offset);
      const body = offset + packetHeaderBytes;
      const next = body + this.#bodyBytesAt(chunk, offset);
      if (next > end) {
        break;
      }
      if (!sink.packet(type, chunk, body, next)) {
        return;
      }
      offset = next;
    }
    if (offset < end) {
      this.#typeAt(chunk, offset);
      this.#partial = new ByteBuffer();
      this.#partial.append(chunk.subarray(offset, end));
    }
  }

  /** Goes on with the packet that is held. Returns where the next one begins, or -1 when there is nothing more to do. */
  #complete(partial: ByteBuffer, chunk: Uint8Array, start: number, end: number, sink: PacketSink): number {
    let offset = start;
    if (partial.end < packetHeaderBytes) {
      offset = Math.min(end, start + packetHeaderBytes - partial.end);
      partial.append(chunk.subarray(start, offset));
      if (partial.end < packetHeaderBytes) {
        return -1;
      }
      this.#bodyBytesAt(partial.bytes, 0);
    }
    // The header was judged when it arrived; the limit may be another since.
    const packetBytes = packetHeaderBytes + lengthAt(partial.bytes, 0);
    const next = Math.min(end, offset + packetBytes - partial.end);
    partial.append(chunk.subarray(offset, next));
    if (partial.end < packetBytes) {
      return -1;
    }
    const packet = partial.bytes;
    this.#partial = undefined;
    return sink.packet(this.#typeAt(packet, 0), packet, packetHeaderBytes, packetBytes) ? next : -1;
  }

  #typeAt(bytes: Uint8Array, offset: number): PacketType {
    const type = bytes[offset] as number;
    if (type < packetType.handshake || type > this.#lastType) {
      throw new NanowireError("invalid_packet_type", `packet type ${type} is not one of 1 to ${this.#lastType}`);
    }
    return type as PacketType;
  }

  #bodyBytesAt(bytes: Uint8Array, offset: number): number {
    const length = lengthAt(bytes, offset);
    if (length > this.#maxBytes) {
      throw new NanowireError(
        "packet_too_large",
        `packet of ${length} bytes is larger than ${this.#limitName} ${this.#maxBytes}`,
      );
    }
    return length;
  }
}

/** The length of a packet's body, as its header at `offset` tells it. */
function lengthAt(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset + 1] as number) << 16) | ((bytes[offset + 2] as number) << 8) | (bytes[offset + 3] as number);
}
