import type { PendingRequests } from "./pending-requests.js";

/** What waits while a connection is being made again. */
export interface OfflineCounts {
  /** Requests and notifies that wait now. */
  readonly messages: number;
  /** What they take, in bytes. */
  readonly bytes: number;
  /** Notifies that were dropped since `connect`: those that had to give way to newer ones, and those that waited when the connection was closed. */
  readonly dropped: number;
}

/** How much may wait. */
export interface OfflineLimits {
  readonly maxOfflineMessages: number;
  readonly maxOfflineBytes: number;
}

/** Packets that wait for a link, in the order of their calls, bounded in number and bytes. */
export class OfflineQueue implements OfflineCounts {
  dropped = 0;
  bytes = 0;
  readonly #limits: OfflineLimits | undefined;
  readonly #pending: PendingRequests;
  #entries: OfflineEntry[] = [];

  /**
   * @param limits undefined: nothing may wait
   * @param pending tells which requests still wait for their answers
   */
  constructor(limits: OfflineLimits | undefined, pending: PendingRequests) {
    this.#limits = limits;
    this.#pending = pending;
  }

  get messages(): number {
    return this.#entries.length;
  }

  /**
   * Takes a packet in. The oldest that may go make room for it: notifies, and requests whose caller has given up.
   *
   * @param id of a request; 0: a notify
   * @returns whether there was room
   */
  add(id: number, packet: Uint8Array): boolean {
    const limits = this.#limits;
    const bytes = packet.length;
    if (limits === undefined || bytes > limits.maxOfflineBytes) {
      return false;
    }
    while (this.messages >= limits.maxOfflineMessages || this.bytes + bytes > limits.maxOfflineBytes) {
      const oldest = this.#entries.findIndex((entry) => !this.#pending.has(entry.id));
      if (oldest < 0) {
        return false;
      }
      this.dropped += this.#take(oldest)?.id === 0 ? 1 : 0;
    }
    this.#entries.push({ id, packet });
    this.bytes += bytes;
    return true;
  }

  /** Takes the oldest out whose sender still wants it sent. */
  shift(): OfflineEntry | undefined {
    let entry = this.#take(0);
    while (entry !== undefined && entry.id !== 0 && !this.#pending.has(entry.id)) {
      entry = this.#take(0);
    }
    return entry;
  }

  /** Drops all. */
  clear(): void {
    this.dropped += this.#entries.filter(({ id }) => id === 0).length;
    this.#entries = [];
    this.bytes = 0;
  }

  #take(index: number): OfflineEntry | undefined {
    const [entry] = this.#entries.splice(index, 1);
    this.bytes -= entry?.packet.length ?? 0;
    return entry;
  }
}

interface OfflineEntry {
  /** 0: a notify. */
  readonly id: number;
  readonly packet: Uint8Array;
}
