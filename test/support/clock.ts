import type { CancelTimer, Clock } from "../../runtime/base/clock.js";

interface Timer {
  at: number;
  readonly every: number | undefined;
  readonly task: () => void;
}

/** A clock that goes on only when it is told to. Timers that fall due are called in the order of their time. */
export class SteppedClock implements Clock {
  #now: number;
  readonly #timers = new Set<Timer>();

  constructor(now = Date.UTC(2025, 0, 1)) {
    this.#now = now;
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, task: () => void): CancelTimer {
    return this.#add({ at: this.#now + ms, every: undefined, task });
  }

  every(ms: number, task: () => void): CancelTimer {
    return this.#add({ at: this.#now + ms, every: ms, task });
  }

  /** Lets time pass. */
  step(ms: number): void {
    const until = this.#now + ms;
    for (let timer = this.#due(until); timer !== undefined; timer = this.#due(until)) {
      this.#now = Math.max(this.#now, timer.at);
      if (timer.every === undefined) {
        this.#timers.delete(timer);
      } else {
        timer.at += timer.every;
      }
      timer.task();
    }
    this.#now = until;
  }

  #add(timer: Timer): CancelTimer {
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  #due(until: number): Timer | undefined {
    return [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
  }
}
