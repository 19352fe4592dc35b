import type { CrewDelta } from "./crew.js";
import { Histogram } from "./histogram.js";
import { latencyOf } from "./latency.js";
import type { TimelineEntry } from "./report.js";

/** How many entries there are at the most; then each is made twice as long. */
const mostEntries = 240;

/** A crew tells when a second is over, or a little later. */
const toleranceMs = 200;

interface Span {
  calls: number;
  errors: number;
  pushes: number;
  readonly activeOf: number[];
  readonly latency: Histogram;
}

/** What happened when, in spans of equal length. */
export class Timeline {
  #spanMs = 1_000;
  #spans: Span[] = [];

  /** @param crew who tells it */
  add({ atMs, active, counted }: CrewDelta, crew: number): void {
    while (this.#indexOf(atMs) >= mostEntries) {
      this.#halve();
    }
    const index = this.#indexOf(atMs);
    while (this.#spans.length <= index) {
      this.#spans.push({ calls: 0, errors: 0, pushes: 0, activeOf: [], latency: new Histogram() });
    }
    const span = this.#spans[index] as Span;
    span.activeOf[crew] = active;
    span.errors += counted.errors;
    for (const { kind, count, latency } of counted.rows) {
      if (kind === "request" || kind === "notify" || kind === "connection") {
        span.calls += count;
      } else if (kind === "push") {
        span.pushes += count;
      }
      if (kind === "request") {
        span.latency.add(latency);
      }
    }
  }

  /** @param elapsedMs how long it all took: the last entry ends there */
  entries(elapsedMs: number): TimelineEntry[] {
    return this.#spans.map(({ calls, errors, pushes, activeOf, latency }, index) => {
      const fromMs = index * this.#spanMs;
      const toMs = index === this.#spans.length - 1 ? Math.max(elapsedMs, fromMs) : fromMs + this.#spanMs;
      const seconds = Math.max(toMs - fromMs, 1) / 1_000;
      return {
        fromMs,
        toMs,
        active: activeOf.reduce((sum, active) => sum + (active ?? 0), 0),
        callsPerSecond: perSecond(calls, seconds),
        pushesPerSecond: perSecond(pushes, seconds),
        errors,
        latency: latencyOf(latency),
      };
    });
  }

  #indexOf(atMs: number): number {
    return Math.max(0, Math.ceil((atMs - toleranceMs) / this.#spanMs) - 1);
  }

  #halve(): void {
    this.#spanMs *= 2;
    const halved: Span[] = [];
    for (let index = 0; index < this.#spans.length; index += 2) {
      const first = this.#spans[index] as Span;
      const second = this.#spans[index + 1];
      if (second !== undefined) {
        first.calls += second.calls;
        first.errors += second.errors;
        first.pushes += second.pushes;
        first.latency.add(second.latency.snapshot());
        second.activeOf.forEach((active, crew) => {
          first.activeOf[crew] = active;
        });
      }
      halved.push(first);
    }
    this.#spans = halved;
  }
}

function perSecond(count: number, seconds: number): number {
  return Math.round((count / seconds) * 10) / 10;
}
