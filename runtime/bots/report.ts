import type { Latency } from "./latency.js";
import type { Failure, RowKind } from "./tally.js";

/** What came of a run. It is plain data: `JSON.stringify` writes it. */
export interface BotsReport {
  /** The scenario's name. */
  readonly scenario: string;
  /** Where the bots connected to, without a user and a query, which may be secrets; empty where a function did. */
  readonly url: string;
  /** How many bots were asked for, and how many have begun. */
  readonly bots: { readonly planned: number; readonly begun: number };
  /** How many processes they were in. */
  readonly processes: number;
  /** When it began: `2026-01-31T12:00:00.000Z`. */
  readonly startedAt: string;
  /** How long it took, in milliseconds, with the ramp and the end. */
  readonly elapsedMs: number;
  /** Why it ended: all bots were done, the time was over, or somebody stopped it. */
  readonly endedBy: "bots" | "time" | "signal";
  /** Everything together. */
  readonly total: ReportTotal;
  /** What was counted, by kinds and names. */
  readonly rows: readonly ReportRow[];
  /** What happened when, in at most 240 entries of equal length. */
  readonly timeline: readonly TimelineEntry[];
  /** The first 50 kinds of errors, the most frequent first. */
  readonly failures: readonly Failure[];
  /** By how many milliseconds the bots' own processes were late at the most. Times that are not far above it tell of the bots, and not of the server. */
  readonly ownLateMs: number;
  /** What was asked of the run. */
  readonly thresholds: readonly Verdict[];
  /** Whether every threshold holds. */
  readonly passed: boolean;
}

/** All rows of a run together. */
export interface ReportTotal {
  /** Connections, requests and notifies. */
  readonly calls: number;
  /** The same, for each second of the run. */
  readonly callsPerSecond: number;
  /** Errors, each counted once: that of a call is the step's that the call is in, too. */
  readonly errors: number;
  /** Pushes that came to those who listened. */
  readonly pushes: number;
  /** Turns of loops with a rate that were due and had not begun when the time was over. */
  readonly missed: number;
  /** Bots, calls and steps that had not ended when the run did. */
  readonly unfinished: number;
  /** How long requests took; undefined when none was answered. */
  readonly latency: Latency | undefined;
}

/** What was counted of one name. */
export interface ReportRow {
  /** What it is the name of. */
  readonly kind: RowKind;
  /** The route, or the name of a step or a check. */
  readonly name: string;
  /** How many have ended, well or not. */
  readonly count: number;
  /** The same, for each second of the run. */
  readonly perSecond: number;
  /** How many have failed. */
  readonly errorCount: number;
  /** How many have failed with each code. */
  readonly errors: Readonly<Record<string, number>>;
  /** Turns that were due and had not begun when the time was over. */
  readonly missed: number;
  /** How many had not ended when the run did. */
  readonly unfinished: number;
  /** Of a loop: whether its turns have a rate (`open`), or wait for each other (`closed`); `mixed` when loops of both kinds have the name. */
  readonly loop: "open" | "closed" | "mixed" | undefined;
  /** How long it took, from when it was due. Undefined where nothing is timed: notifies, pushes, checks. */
  readonly latency: Latency | undefined;
  /** How long it took from when it began; the same where nothing was late. */
  readonly service: Latency | undefined;
  /** For plots: a share from 0 to 1, and the milliseconds that it did not exceed. */
  readonly distribution: readonly (readonly [share: number, ms: number])[];
}

/** What happened in a span of time. */
export interface TimelineEntry {
  /** From when on, in milliseconds from the begin. */
  readonly fromMs: number;
  /** Until when. */
  readonly toMs: number;
  /** How many bots were at work at its end. */
  readonly active: number;
  /** Connections, requests and notifies a second. */
  readonly callsPerSecond: number;
  /** Pushes a second. */
  readonly pushesPerSecond: number;
  /** How many errors there were. */
  readonly errors: number;
  /** How long requests took that were answered in it. */
  readonly latency: Latency | undefined;
}

/** What became of a threshold. */
export interface Verdict {
  /** The threshold, as it was written. */
  readonly threshold: string;
  /** Whether it holds. */
  readonly holds: boolean;
  /** What was measured, to be shown: `12.3 ms`. Where several rows have the name, that of the first which breaks it, or else of the first. */
  readonly measured: string;
}
