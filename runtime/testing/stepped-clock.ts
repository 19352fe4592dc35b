import type { CancelTimer, Clock } from "../base/clock.js";

interface Timer {
  at: number;
  readonly every: number | undefined;
  readonly task: () => void;
}

/** A clock that goes on only when it is told to. Timers that fall due are called in the order of their time. */
export class SteppedClock implements Clock {
  readonly #beginMs: number;
  /** Milliseconds that have passed; timers are reckoned with these. */
  #passedMs = 0;
  /** How far the wall clock was set. */
  #setMs = 0;
  readonly #timers = new Set<Timer>();

  /** @param now where it stands at first, in milliseconds since 1970, UTC. Default: the beginning of 2025 */
  constructor(now: number = Date.UTC(2025, 0, 1)) {
    this.#beginMs = now;
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** When the next timer falls due; undefined while none waits. */
  get nextAt(): number | undefined {
    const next = this.#next();
    return next === undefined ? undefined : next.at + this.#beginMs + this.#setMs;
  }

  now(): number {
    // Whole milliseconds, as a machine's clock has them; a client's pauses are not.
    return Math.floor(this.#beginMs + this.#passedMs + this.#setMs);
  }

  steady(): number {
    return this.#passedMs;
  }

  after(ms: number, task: () => void): CancelTimer {
    return this.#add({ at: this.#passedMs + ms, every: undefined, task });
  }

  every(ms: number, task: () => void): CancelTimer {
    return this.#add({ at: this.#passedMs + ms, every: ms, task });
  }

  /** Lets time pass: every timer that falls due is called, at its own time. */
  step(ms: number): void {
    const until = this.#passedMs + ms;
    for (let timer = this.#next(); timer !== undefined && timer.at <= until; timer = this.#next()) {
      this.#passedMs = Math.max(this.#passedMs, timer.at);
      if (timer.every === undefined) {
        this.#timers.delete(timer);
      } else {
        // As a machine's do: when the process stood still, one call makes up for all that was missed.
        timer.at = this.#passedMs + timer.every;
      }
      timer.task();
    }
    // A timer may have let more time pass by itself.
    this.#passedMs = Math.max(this.#passedMs, until);
  }

  /**
   * Lets time pass until the next timer falls due, and calls those that do then. It goes by the timers' own times: what is left to wait, as {@link nextAt} has it, may be
   * rounded.
   *
   * @param until a {@link steady} time; nothing happens when no timer falls due by then
   * @returns whether one did
   */
  stepToNext(until: number): boolean {
    const next = this.#next();
    if (next === undefined || next.at > until) {
      return false;
    }
    this.#passedMs = Math.max(this.#passedMs, next.at);
    this.step(0);
    return true;
  }

  /** The process stands still: what falls due meanwhile is called late, at the next {@link step}; what recurs once for all that was missed, as on a machine. */
  stall(ms: number): void {
    this.#passedMs += ms;
  }

  /** Somebody sets the machine's clock forwards, or back by a negative number: `now` leaps, `steady` and the timers do not. */
  set(ms: number): void {
    this.#setMs += ms;
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
