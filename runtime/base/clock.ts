/** The greatest delay of a timer, 24.8 days: a longer one is run at once, by Node and browsers alike. */
const longestTimerMs = 0x7fffffff;

/** Ends what a clock was asked to do later. Calling it again, or after the time, does nothing. */
export type CancelTimer = () => void;

/** Time, as everything here asks for it: a test hands in one that it steps by hand. */
export interface Clock {
  /** Milliseconds since 1970, UTC. They leap when somebody sets the machine's clock. */
  now(): number;
  /**
   * Milliseconds since some moment, with fractions. They go on steadily, whatever is done to the machine's clock: what is
   * to come after a while is reckoned with these.
   */
  steady(): number;
  /** Calls `task` once, after at least `ms` milliseconds. It does not keep the process alive. */
  after(ms: number, task: () => void): CancelTimer;
  /** Calls `task` every `ms` milliseconds until it is cancelled. It does not keep the process alive. */
  every(ms: number, task: () => void): CancelTimer;
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  steady: () => performance.now(),
  after(ms, task) {
    let timer: ReturnType<typeof setTimeout>;
    const wait = (left: number): void => {
      timer =
        left > longestTimerMs ? setTimeout(() => wait(left - longestTimerMs), longestTimerMs) : setTimeout(task, left);
      unref(timer);
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
  every(ms, task) {
    if (ms > longestTimerMs) {
      const again = (): void => {
        cancel = systemClock.after(ms, again);
        task();
      };
      let cancel = systemClock.after(ms, again);
      return () => cancel();
    }
    const timer = setInterval(task, ms);
    unref(timer);
    return () => clearInterval(timer);
  },
};

/** In Node a timer is an object that can be told not to hold the process; in a browser it is a number. */
function unref(timer: unknown): void {
  if (typeof timer === "object" && timer !== null && "unref" in timer) {
    (timer as { unref(): void }).unref();
  }
}
