// A hot file: asked for every message. The clock is looked at only when what was granted is used up.

import type { Clock } from "../base/clock.js";

/**
 * How often one client may send: a bucket that holds a second's messages, is filled again at that rate, and counts what
 * is sent beyond it. A client that goes on at more than twice the rate is flooding.
 */
export class MessageRate {
  readonly #perSecond: number;
  readonly #clock: Clock;
  #granted: number;
  #beyond = 0;
  #filledAt: number;

  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#granted = perSecond;
    this.#filledAt = clock.steady();
  }

  /** A message came: whether it is within the rate, beyond it, or one of a flood. */
  take(): "within" | "beyond" | "flood" {
    if (this.#granted < 1) {
      this.#fill();
      if (this.#granted < 1) {
        return ++this.#beyond > this.#perSecond ? "flood" : "beyond";
      }
    }
    this.#granted--;
    return "within";
  }

  /** Whether it is full, and nothing was sent beyond it: one that is made anew says the same. */
  isFull(): boolean {
    this.#fill();
    return this.#granted === this.#perSecond && this.#beyond === 0;
  }

  #fill(): void {
    const now = this.#clock.steady();
    const earned = Math.max(0, ((now - this.#filledAt) * this.#perSecond) / 1_000);
    this.#granted = Math.min(this.#perSecond, this.#granted + earned);
    this.#beyond = Math.max(0, this.#beyond - earned);
    this.#filledAt = now;
  }
}
