import type { CancelTimer, Clock } from "../base/clock.js";

interface Timer {
  at: number;
  readonly every: number | undefined;
  readonly task: () => void;
}

/** A clock that goes on only when it is told to. Timers that fall due are called in the order of their time. */
export class SteppedClock implements Clock {
  #now: number;
  readonly #timers = new Set<Timer>();

  /** @param now where it stands at first, in milliseconds since 1970, UTC. Default: the beginning of 2025 */
  constructor(now = Date.UTC(2025, 0, 1)) {
    this.#now = now;
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** When the next timer falls due; undefined while none waits. */
  get nextAt(): number | undefined {
    return this.#next()?.at;
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

  /** Lets time pass: every timer that falls due is called, at its own time. */
  step(ms: number): void {
    const until = this.#now + ms;
    for (let timer = this.#next(); timer !== undefined && timer.at <= until; timer = this.#next()) {
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

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.at < next.at) {
        next = timer;
      }
    }
    return next;
  }
}
