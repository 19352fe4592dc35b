/** What waits while a connection is being made again. */
export interface OfflineCounts {
  /** Requests and notifies that wait now. */
  readonly messages: number;
  /** What they take, in bytes. */
  readonly bytes: number;
  /** Notifies that were dropped since `connect`: those that had to give way to newer ones, and those that waited when the connection was closed. */
  readonly dropped: number;
}

/** Packets that wait for a link, in the order of their calls, bounded in number and bytes. */
export class OfflineQueue implements OfflineCounts {
  dropped = 0;
  bytes = 0;
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  /** Whether a request still waits for its answer. */
  readonly #isAwaited: (id: number) => boolean;
  #entries: OfflineEntry[] = [];

  constructor(maxMessages: number, maxBytes: number, isAwaited: (id: number) => boolean) {
    this.#maxMessages = maxMessages;
    this.#maxBytes = maxBytes;
    this.#isAwaited = isAwaited;
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
    const bytes = packet.length;
    if (this.#maxMessages === 0 || bytes > this.#maxBytes) {
      return false;
    }
    while (this.#entries.length >= this.#maxMessages || this.bytes + bytes > this.#maxBytes) {
      const oldest = this.#entries.findIndex((entry) => entry.id === 0 || !this.#isAwaited(entry.id));
      if (oldest < 0) {
        return false;
      }
      const [gone] = this.#entries.splice(oldest, 1) as [OfflineEntry];
      this.bytes -= gone.packet.length;
      this.dropped += gone.id === 0 ? 1 : 0;
    }
    this.#entries.push({ id, packet });
    this.bytes += bytes;
    return true;
  }

  /** Takes the oldest out whose sender still wants it sent. */
  shift(): OfflineEntry | undefined {
    for (let entry = this.#entries.shift(); entry !== undefined; entry = this.#entries.shift()) {
      this.bytes -= entry.packet.length;
      if (entry.id === 0 || this.#isAwaited(entry.id)) {
        return entry;
      }
    }
    return undefined;
  }

  /** Drops all. */
  clear(): void {
    for (let entry = this.shift(); entry !== undefined; entry = this.shift()) {
      this.dropped += entry.id === 0 ? 1 : 0;
    }
  }
}

interface OfflineEntry {
  /** 0: a notify. */
  readonly id: number;
  readonly packet: Uint8Array;
}
