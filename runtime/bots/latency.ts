import type { Histogram } from "./histogram.js";

/** Times in milliseconds, each to within 1/128 of itself. Of p99 it is true that 99 of 100 took no longer. */
export interface Latency {
  /** How many were timed. */
  readonly count: number;
  /** The mean. */
  readonly mean: number;
  /** The median. */
  readonly p50: number;
  /** 90 of 100. */
  readonly p90: number;
  /** 99 of 100. */
  readonly p99: number;
  /** 999 of 1,000. */
  readonly p99_9: number;
  /** The greatest, exactly. */
  readonly max: number;
}

/** What a histogram of microseconds tells; undefined when it holds nothing. */
export function latencyOf(histogram: Histogram): Latency | undefined {
  if (histogram.count === 0) {
    return undefined;
  }
  const at = (share: number): number => toMs(histogram.percentile(share));
  return {
    count: histogram.count,
    mean: toMs(histogram.mean),
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    p99_9: at(0.999),
    max: toMs(histogram.greatest),
  };
}

/** Microseconds as milliseconds, with three digits behind the point. */
export function toMs(us: number): number {
  return Math.round(us) / 1_000;
}
