/**
 * Bounds what is on its way to NATS and was not taken yet: nats.js, and Node's socket below it, keep whatever they are given. NATS answers a ping when it has read all that
 * came before.
 */
export class SendWindow {
  readonly #maxBytes: number;
  /** So much may be under way without a ping behind it: the answer is a message more to be read, and half of the bound is soon enough. */
  readonly #pingBytes: number;
  readonly #ping: () => Promise<void>;
  #sent = 0;
  #taken = 0;
  #pinged = 0;
  #waiting = false;

  /** @param ping resolved when NATS has read what was sent before */
  constructor(maxBytes: number, ping: () => Promise<void>) {
    this.#maxBytes = maxBytes;
    this.#pingBytes = Math.min(maxBytes / 2, mostPingBytes);
    this.#ping = ping;
  }

  /** Whether that much may be sent now; it is counted then. */
  take(bytes: number): boolean {
    if (this.#sent - this.#taken + bytes > this.#maxBytes && this.#sent > this.#taken) {
      this.#ask();
      return false;
    }
    this.#sent += bytes;
    return true;
  }

  /** What was counted is sent. */
  commit(): void {
    if (this.#sent - this.#taken > this.#pingBytes) {
      this.#ask();
    }
  }

  #ask(): void {
    if (!this.#waiting) {
      this.#waiting = true;
      this.#pinged = this.#sent;
      this.#ping().then(this.#answered, () => {});
    }
  }

  readonly #answered = (): void => {
    this.#waiting = false;
    this.#taken = this.#pinged;
    this.commit();
  };
}

const mostPingBytes = 262_144;
