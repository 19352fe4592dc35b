import type { CancelTimer, Clock } from "../base/clock.js";
import { Buckets } from "../metrics/buckets.js";

/** Looks how late timers come: as long as the event loop was busy with something else. */
export class EventLoopWatch {
  /** In seconds. */
  readonly delays = new Buckets();
  readonly #clock: Clock;
  #cancel: CancelTimer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  start(): void {
    let before = this.#clock.steady();
    this.#cancel = this.#clock.every(everyMs, () => {
      const now = this.#clock.steady();
      this.delays.observe(Math.max(0, now - before - everyMs) / 1_000);
      before = now;
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}

const everyMs = 20;
