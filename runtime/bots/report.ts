import type { Histogram } from "./histogram.js";
import { type Latency, latencyOf, toMs } from "./latency.js";
import type { Results } from "./results.js";
import type { Failure, RowKind, TallyRow } from "./tally.js";
import type { Verdict } from "./threshold.js";

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

/** What a report is told besides what was counted. */
export interface ReportFrame {
  readonly scenario: string;
  readonly url: unknown;
  readonly planned: number;
  readonly processes: number;
  readonly startedAt: string;
  readonly elapsedMs: number;
  readonly endedBy: BotsReport["endedBy"];
}

/** The report, without its thresholds, which are judged by it. */
export function makeReport(results: Results, frame: ReportFrame): Omit<BotsReport, "thresholds" | "passed"> {
  const { scenario, url, planned, processes, startedAt, elapsedMs, endedBy } = frame;
  const seconds = Math.max(elapsedMs, 1) / 1_000;
  const rows = results.rows.map((row) => rowOf(row, seconds)).sort(byKindAndName);
  const pushes = rows.reduce((sum, { kind, count }) => sum + (kind === "push" ? count : 0), 0);
  const { calls, errors, missed, unfinished } = results;
  return {
    scenario,
    url: typeof url === "string" ? withoutSecrets(url) : "",
    bots: { planned, begun: results.begun },
    processes,
    startedAt,
    elapsedMs: Math.round(elapsedMs),
    endedBy,
    total: {
      calls,
      callsPerSecond: rounded(calls / seconds),
      errors,
      pushes,
      missed,
      unfinished,
      latency: latencyOf(results.latency),
    },
    rows,
    timeline: results.timeline.entries(elapsedMs),
    failures: [...results.failures].sort((a, b) => b.count - a.count),
    ownLateMs: Math.round(results.lateMs),
  };
}

const kindOrder: readonly RowKind[] = ["bot", "connection", "request", "notify", "push", "step", "check"];

/** For plots: half of what is left each time, so that the last few are seen, too. */
const plottedShares: readonly number[] = [
  0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.9975, 0.999, 0.9995, 0.9999, 0.99999, 1,
];

function rowOf(row: TallyRow, seconds: number): ReportRow {
  const { kind, name, count, errorCount, errors, missed, unfinished, isOpen, isClosed, latency, service } = row;
  return {
    kind,
    name,
    count,
    perSecond: rounded(count / seconds),
    errorCount,
    errors: errors.snapshot(),
    missed,
    unfinished,
    loop: isOpen ? (isClosed ? "mixed" : "open") : isClosed ? "closed" : undefined,
    latency: latencyOf(latency),
    service: latencyOf(service),
    distribution: distributionOf(latency),
  };
}

/** Of few values the highest percentiles are all the greatest one: the first of them ends it. */
function distributionOf(latency: Histogram): [number, number][] {
  if (latency.count === 0) {
    return [];
  }
  const known = plottedShares.filter((share) => share === 1 || (1 - share) * latency.count >= 0.999);
  return known.map((share) => [share, toMs(share === 1 ? latency.greatest : latency.percentile(share))]);
}

function byKindAndName(a: ReportRow, b: ReportRow): number {
  return kindOrder.indexOf(a.kind) - kindOrder.indexOf(b.kind) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

function withoutSecrets(url: string): string {
  return url.replace(/[?#].*$/s, "").replace(/^([\w+]+:\/\/)[^/]*@/, "$1");
}
