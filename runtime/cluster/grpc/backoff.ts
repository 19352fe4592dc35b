/** Pauses between attempts: each twice the one before, and every one a little different, so that many who wait do not come at once. */
export class Backoff {
  readonly #firstMs: number;
  readonly #longestMs: number;
  #nextMs: number;

  constructor(firstMs: number, longestMs: number) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
    this.#nextMs = firstMs;
  }

  /** The next pause, in milliseconds. */
  next(): number {
    const pauseMs = this.#nextMs;
    this.#nextMs = Math.min(this.#longestMs, 2 * pauseMs);
    return pauseMs * (0.75 + Math.random() / 2);
  }

  /** It went well: the next pause is the first again. */
  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
