// A hot file of the load generator: whatever a burst brings arrives here.

import type { Failures } from "./failures.js";
import type { LoadFigures } from "./load.js";
import { Tally } from "./tally.js";

/** What is sent at once, and what it brings. */
export interface Burst {
  /** How many answers come of it. */
  readonly answers: number;
  readonly bytes: number;
  send(): void;
}

/** Sends the same again and again, each time when all that the last one brought has arrived. Latency is counted from a burst's beginning. */
export class Bursts {
  readonly #tally = new Tally();
  readonly #failures: Failures;
  #onAnswered = (_count: number, _bytes: number): void => {};

  constructor(failures: Failures) {
    this.#failures = failures;
  }

  /** So many answers came, in so many bytes. */
  answered(count: number, bytes: number): void {
    this.#onAnswered(count, bytes);
  }

  /** Begins no other burst after so long. Resolved when the last one is answered. */
  async run(ms: number, burst: Burst): Promise<LoadFigures> {
    const tally = this.#tally;
    tally.begin();
    const until = performance.now() + ms;
    await this.#failures.unlessFailed((resolve) => {
      let sentAt = 0;
      const send = (): void => {
        sentAt = performance.now();
        tally.sent(burst.answers, burst.bytes);
        burst.send();
      };
      this.#onAnswered = (count, bytes) => {
        const now = performance.now();
        tally.answered(count, bytes);
        for (let index = 0; index < count; index++) {
          tally.took(now - sentAt);
        }
        if (tally.unanswered === 0 && count > 0) {
          if (now < until) {
            send();
          } else {
            resolve();
          }
        }
      };
      send();
    });
    return tally.end();
  }
}
