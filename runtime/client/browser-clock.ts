import type { Clock } from "../base/clock.js";

/** The time of a browser. The client asks for no time that is longer than a timer takes, and a page has no process to be kept alive. */
export const browserClock: Clock = {
  now: () => Date.now(),
  steady: () => performance.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
  every(ms, task) {
    const timer = setInterval(task, ms);
    return () => clearInterval(timer);
  },
};
