// A process of timers: it makes them, counts their calls for a while, and ends them.

import { setTimeout as wait } from "node:timers/promises";
import { createServer, memory, type Server, silentLogger } from "nanowire";
import { Histogram } from "../../runtime/bots/histogram.js";
import { answerParent } from "../parent-process.js";
import { cpuMicros } from "../servers/serve.js";
import type { TimersFigures, TimersQuestion } from "./timers.js";

/** One timer in so many tells how late it is: to look at the clock in each would be much of what is measured. */
const sampled = 16;

/** Microseconds. */
const lateness = new Histogram();
let calls = 0;

answerParent<TimersQuestion>(
  async ({ kind, timers, precisionMs, periodMs: [least, most], spreadMs, ms }): Promise<TimersFigures> => {
    const server = createServer({
      components: [],
      listen: [memory()],
      logger: silentLogger,
      timerPrecisionMs: precisionMs,
    });
    await server.start();
    const ends: (() => void)[] = [];
    const begin = performance.now();
    while (ends.length < timers) {
      const due = Math.min(timers, Math.ceil(((performance.now() - begin) / spreadMs) * timers));
      while (ends.length < due) {
        const index = ends.length;
        const periodMs = least + ((index * 7_919) % (most - least + 1));
        ends.push(makeTimer(kind, server, periodMs, index % sampled === 0 ? lateCall(periodMs) : call));
      }
      await wait(1);
    }
    // From then on as many are called in each second as in the next.
    await wait(most);
    calls = 0;
    lateness.clear();
    const [cpuBefore, timeBefore] = [cpuMicros(), performance.now()];
    await wait(ms);
    const serverCpuMicros = cpuMicros() - cpuBefore;
    const elapsedMs = performance.now() - timeBefore;
    const percentile = (share: number): number => lateness.percentile(share) / 1_000;
    const figures = {
      messages: calls,
      elapsedMs,
      serverCpuMicros,
      cpuMicros: 0,
      sentBytes: 0,
      receivedBytes: 0,
      latencyMs: {
        p50: percentile(0.5),
        p99: percentile(0.99),
        p999: percentile(0.999),
        most: lateness.greatest / 1_000,
      },
    };
    for (const end of ends) {
      end();
    }
    await server.stop();
    return figures;
  },
);

function makeTimer(kind: TimersQuestion["kind"], server: Server, periodMs: number, task: () => void): () => void {
  if (kind === "nanowire") {
    const timer = server.scheduler.every(periodMs, task);
    return () => timer.stop();
  }
  const timer = setInterval(task, periodMs);
  return () => clearInterval(timer);
}

function call(): void {
  calls++;
}

function lateCall(periodMs: number): () => void {
  let dueAt = performance.now();
  return () => {
    calls++;
    dueAt += periodMs;
    lateness.record((performance.now() - dueAt) * 1_000);
  };
}
