import type { MetricEntry, MetricsAnswer } from "../answers.js";

/** What charts show, at one time. */
export interface Reading {
  readonly atMs: number;
  readonly values: Readonly<Record<string, number>>;
}

/** A route's figures, since the last reading and in all. */
export interface RouteFigures {
  readonly route: string;
  readonly kind: string;
  readonly perSecond: number;
  readonly total: number;
  readonly failed: number;
  /** Milliseconds; undefined: nothing was timed yet. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
}

/** Keeps what was measured for some minutes, and makes rates and percentiles of it. */
export class Series {
  readonly readings: Reading[] = [];
  routes: readonly RouteFigures[] = [];
  metrics: readonly MetricEntry[] = [];
  #last: MetricsAnswer | undefined;

  take(answer: MetricsAnswer): void {
    const last = this.#last;
    this.#last = answer;
    this.metrics = answer.metrics;
    // A server that was started again counts from nothing.
    const isSame = last !== undefined && answer.atMs > last.atMs && answer.counters.requests >= last.counters.requests;
    const seconds = isSame ? (answer.atMs - last.atMs) / 1_000 : 0;
    this.routes = routesOf(answer, isSame ? last : undefined, seconds);
    const { sessions, connections } = answer.counters;
    const values: Record<string, number> = { sessions, connections };
    const find = (name: string, of = answer): MetricEntry | undefined => of.metrics.find((one) => one.name === name);
    const heap = find("nanowire_heap_used_bytes")?.series[0]?.value;
    if (heap !== undefined) {
      values["heap"] = heap;
    }
    if (isSame) {
      for (const name of ["requests", "notifies", "pushes"] as const) {
        values[name] = (answer.counters[name] - last.counters[name]) / seconds;
      }
      values["failed"] = (sumOf(answer.counters.failed) - sumOf(last.counters.failed)) / seconds;
      for (const [key, name] of timed) {
        const delta = countsOf(find(name), find(name, last));
        const bounds = find(name)?.bounds ?? [];
        values[`${key}50`] = (quantile(delta, bounds, 0.5) ?? 0) * 1_000;
        values[`${key}99`] = (quantile(delta, bounds, 0.99) ?? 0) * 1_000;
      }
    }
    this.readings.push({ atMs: answer.atMs, values });
    this.readings.splice(0, this.readings.length - mostReadings);
  }
}

function routesOf(answer: MetricsAnswer, last: MetricsAnswer | undefined, seconds: number): RouteFigures[] {
  const [counted, before, times] = [
    answer.metrics.find(({ name }) => name === "nanowire_requests_total"),
    last?.metrics.find(({ name }) => name === "nanowire_requests_total"),
    answer.metrics.find(({ name }) => name === "nanowire_request_duration_seconds"),
  ];
  const kinds = new Map((counted?.series ?? []).map(({ labels }) => [labels["route"] ?? "", labels["kind"] ?? ""]));
  return [...kinds]
    .map(([route, kind]) => {
      const sum = (of: MetricEntry | undefined, failed: boolean): number =>
        (of?.series ?? [])
          .filter(({ labels }) => labels["route"] === route && (!failed || labels["code"] !== "ok"))
          .reduce((total, { value = 0 }) => total + value, 0);
      const total = sum(counted, false);
      const counts = times?.series.find(({ labels }) => labels["route"] === route)?.counts ?? [];
      const of = (share: number): number | undefined => {
        const value = quantile(counts, times?.bounds ?? [], share);
        return value === undefined ? undefined : value * 1_000;
      };
      const perSecond = seconds === 0 ? 0 : (total - sum(before, false)) / seconds;
      return { route, kind, perSecond, total, failed: sum(counted, true), p50: of(0.5), p99: of(0.99) };
    })
    .sort((a, b) => b.perSecond - a.perSecond || b.total - a.total);
}

/** How many values fell into each range since the last time, of all series together. */
function countsOf(now: MetricEntry | undefined, before: MetricEntry | undefined): number[] {
  const total = (of: MetricEntry | undefined): number[] => {
    const sums: number[] = [];
    for (const { counts = [] } of of?.series ?? []) {
      for (const [at, count] of counts.entries()) {
        sums[at] = (sums[at] ?? 0) + count;
      }
    }
    return sums;
  };
  const earlier = total(before);
  return total(now).map((count, at) => count - (earlier[at] ?? 0));
}

/** The value below which that share of all lies: as near as the ranges tell. */
function quantile(counts: readonly number[], bounds: readonly number[], share: number): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total <= 0) {
    return undefined;
  }
  let left = total * share;
  for (const [at, count] of counts.entries()) {
    if (count > 0 && left <= count) {
      const [low, high] = [bounds[at - 1] ?? 0, bounds[at] ?? bounds.at(-1) ?? 0];
      return low + (high - low) * (left / count);
    }
    left -= count;
  }
  return bounds.at(-1);
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

const timed = [
  ["took", "nanowire_request_duration_seconds"],
  ["queued", "nanowire_request_queue_seconds"],
  ["loop", "nanowire_event_loop_delay_seconds"],
] as const;

/** Ten minutes, one every two seconds. */
const mostReadings = 300;
