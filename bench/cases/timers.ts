import { Child } from "../child-process.js";
import type { BenchCase, Comparison } from "../comparison.js";
import { profileFlags, type Side } from "../side.js";
import type { TimerKind, TimersFigures, TimersQuestion } from "../timers/timers.js";

/** So many timers for each connection of the other cases: 100,000 of them by default. */
const timersAConnection = 100;

/** How long the timers are made over, at the most: each second is then as full as the next. */
const longestSpreadMs = 1_000;

/** How long a process may take for what takes it a moment. */
const patienceMs = 30_000;

/** Many timers that are called again and again. */
export const timers: BenchCase = {
  name: "timers",
  summary: "100 timers a connection; a message is a call, latency how late it comes; against setInterval for each",
  comparisons: [
    comparisonOf("same", "every second", [1_000, 1_000]),
    comparisonOf("mixed", "every 500 to 1,500 ms", [500, 1_500]),
    comparisonOf("mixed-10-ms", "the same with a precision of 10 ms", [500, 1_500], 10),
  ],
};

function comparisonOf(name: string, title: string, periodMs: TimersQuestion["periodMs"], precisionMs = 1): Comparison {
  const side = (kind: TimerKind): Side => sideOf(kind, periodMs, precisionMs);
  return { name, title, baseline: side("setInterval"), subject: side("nanowire") };
}

function sideOf(kind: TimerKind, periodMs: TimersQuestion["periodMs"], precisionMs: number): Side {
  return {
    name: kind,
    async start({ connections, pinning, profileDirectory }) {
      const process = new Child(new URL("../timers/main.js", import.meta.url), {
        launcher: pinning.server,
        nodeFlags: profileFlags(profileDirectory),
      });
      return {
        round: (ms) =>
          process.ask<TimersQuestion, TimersFigures>(
            {
              kind,
              timers: connections * timersAConnection,
              precisionMs,
              periodMs,
              spreadMs: Math.min(longestSpreadMs, 5 * ms),
              ms,
            },
            ms + patienceMs,
          ),
        stop: () => process.stop(),
      };
    },
  };
}
