import { ByteBuffer } from "../base/byte-buffer.js";

/** A packet, and where it belongs among the bytes beside it. */
interface Placed {
  readonly packet: Uint8Array;
  /** The end of those bytes when it came. */
  readonly at: number;
}

/**
 * Packets of which only the newest of each key waits, beside the bytes of all others. Each keeps its place among those: what
 * is left is in the order in which it came. A packet is not copied: many connections may hold the same one.
 */
export class KeyedPackets {
  /** In the order in which they came. */
  readonly #packets = new Map<string, Placed>();
  #bytes = 0;

  /** How many bytes they have together. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Adds a packet; an older one of its key is forgotten.
   *
   * @param at the end of the bytes beside it
   * @returns whether there was an older one
   */
  put(key: string, packet: Uint8Array, at: number): boolean {
    const older = this.#packets.get(key);
    if (older !== undefined) {
      this.#bytes -= older.packet.length;
      this.#packets.delete(key);
    }
    this.#packets.set(key, { packet, at });
    this.#bytes += packet.length;
    return older !== undefined;
  }

  /** The bytes that stand in a buffer, and each packet at its place among them: a buffer of its own, with the same headroom. */
  mergedWith(others: ByteBuffer): ByteBuffer {
    const merged = new ByteBuffer(others.headroom);
    merged.reserve(others.length + this.#bytes);
    merged.clear();
    let from = others.headroom;
    for (const { packet, at } of this.#packets.values()) {
      merged.append(others.bytes.subarray(from, at));
      merged.append(packet);
      from = at;
    }
    merged.append(others.bytes.subarray(from, others.end));
    return merged;
  }
}
