import type { Histogram } from "./histogram.js";
import { latencyOf, toMs } from "./latency.js";
import type { BotsReport, ReportRow } from "./report.js";
import type { Results } from "./results.js";
import type { RowKind, TallyRow } from "./tally.js";

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
