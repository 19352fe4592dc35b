/**
 * Bounds what is on its way to NATS and was not taken yet: nats.js, and Node's socket below it, keep whatever they are given. NATS answers a ping when it has read all that
 * came before.
 */
export class SendWindow {
  readonly #maxBytes: number;
  readonly #ping: () => Promise<void>;
  #sent = 0;
  #taken = 0;
  #pinged = 0;
  #waiting = false;

  /** @param ping resolved when NATS has read what was sent before */
  constructor(maxBytes: number, ping: () => Promise<void>) {
    this.#maxBytes = maxBytes;
    this.#ping = ping;
  }

  /** Whether that much may be sent now; it is counted then. */
  take(bytes: number): boolean {
    if (this.#sent - this.#taken + bytes > this.#maxBytes && this.#sent > this.#taken) {
      return false;
    }
    this.#sent += bytes;
    return true;
  }

  /** What was counted is sent. */
  commit(): void {
    if (!this.#waiting && this.#sent - this.#taken > pingBytes) {
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

/** So much may be under way without a ping behind it. */
const pingBytes = 32_768;
