import type { CancelTimer, Clock } from "../../../runtime/base/clock.js";

interface Timer {
  at: number;
  readonly everyMs: number | undefined;
  readonly task: () => void;
}

/** Time that stands still until a test steps it. */
export class FakeClock implements Clock {
  #now = 1_700_000_000_000;
  /** How far the wall clock was set from the steady one. */
  #set = 0;
  #timers: Timer[] = [];

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.length;
  }

  now(): number {
    return this.#now;
  }

  steady(): number {
    return this.#now - this.#set;
  }

  after(ms: number, task: () => void): CancelTimer {
    return this.#add({ at: this.#now + ms, everyMs: undefined, task });
  }

  every(ms: number, task: () => void): CancelTimer {
    return this.#add({ at: this.#now + ms, everyMs: ms, task });
  }

  /** Lets time pass: each timer runs at its time. */
  step(ms: number): void {
    const end = this.#now + ms;
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#run(timer);
    }
    this.#now = end;
  }

  /** Somebody sets the clock forwards or back: timers go on as they did. */
  set(ms: number): void {
    this.#now += ms;
    this.#set += ms;
    for (const timer of this.#timers) {
      timer.at += ms;
    }
  }

  /** The process stands still: timers that are due meanwhile run late, at the next {@link step}. */
  stall(ms: number): void {
    this.#now += ms;
  }

  #next(end: number): Timer | undefined {
    return this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }

  #run(timer: Timer): void {
    this.#now = Math.max(this.#now, timer.at);
    if (timer.everyMs === undefined) {
      this.#timers = this.#timers.filter((other) => other !== timer);
    } else {
      timer.at += timer.everyMs;
    }
    timer.task();
  }

  #add(timer: Timer): CancelTimer {
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }
}
