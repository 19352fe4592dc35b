import { NanowireError } from "../base/error.js";
import type { Histogram } from "./histogram.js";
import { toMs } from "./latency.js";
import type { Verdict } from "./report.js";
import type { Results } from "./results.js";
import type { TallyRow } from "./tally.js";

/** A threshold that was read. */
export interface Threshold {
  readonly text: string;
  /** A row's name; undefined: the whole run. */
  readonly name: string | undefined;
  readonly measure: string;
  readonly operator: Operator;
  /** Milliseconds, a share from 0 to 1, a number, or a number a second. */
  readonly limit: number;
  readonly isShare: boolean;
}

type Operator = "<" | "<=" | ">" | ">=";

const grammar =
  /^(?:(\S.*?)\s+)?(errors|missed|unfinished|count|rate|mean|max|p\d{1,2}(?:\.\d{1,3})?)\s*(<=|>=|<|>)\s*(\d{1,15}(?:\.\d{1,6})?)\s*(%|us|ms|s|m|\/s)?$/;

/** What a measure's limit is written with. */
const unitsOf: Readonly<Record<string, { readonly units: readonly string[]; readonly example: string }>> = {
  time: { units: ["us", "ms", "s", "m"], example: "p99<50ms" },
  part: { units: ["", "%"], example: "errors<1% or errors<=10" },
  count: { units: [""], example: "count>=1000" },
  rate: { units: ["/s", ""], example: "rate>=500/s" },
};

/**
 * Reads a threshold: `chat.v1.Room.Join p99<50ms`, `errors<1%`.
 *
 * @throws NanowireError `invalid_option`
 */
export function parseThreshold(text: string): Threshold {
  const [, name, measure = "", operator, number, unit = ""] = grammar.exec(String(text).trim()) ?? [];
  if (operator === undefined) {
    throw wrong(text, "it is [NAME] MEASURE<LIMIT, as `Room.Join p99<50ms` or `errors<1%`");
  }
  const family = familyOf(measure);
  const { units, example } = unitsOf[family] as { units: readonly string[]; example: string };
  if (!units.includes(unit)) {
    throw wrong(text, `${measure} is limited as in ${example}`);
  }
  const isShare = unit === "%";
  return {
    text,
    name,
    measure,
    operator: operator as Operator,
    limit: Number(number) * (factors[unit] ?? 1),
    isShare,
  };
}

/** Whether a threshold holds for what was measured. What was never called breaks whatever is asked of it. */
export function judge(threshold: Threshold, results: Results, elapsedMs: number): Verdict {
  const { text, name } = threshold;
  if (name === undefined) {
    const { calls: count, errors, missed, unfinished, latency } = results;
    return verdict(threshold, { count, errors, missed, unfinished, latency }, elapsedMs);
  }
  const rows = rowsNamed(name, results.rows);
  if (rows.length === 0) {
    return { threshold: text, holds: false, measured: "nothing has that name" };
  }
  const verdicts = rows.map(({ count, errorCount: errors, missed, unfinished, latency }) =>
    verdict(threshold, { count, errors, missed, unfinished, latency }, elapsedMs),
  );
  return verdicts.find(({ holds }) => !holds) ?? (verdicts[0] as Verdict);
}

/** What thresholds ask of, whatever it is measured of. */
interface Part {
  readonly count: number;
  readonly errors: number;
  readonly missed: number;
  readonly unfinished: number;
  readonly latency: Histogram;
}

/** Those that have the name; or else, for an rpc that is named in full, those whose route stands at its end. */
function rowsNamed(name: string, rows: readonly TallyRow[]): readonly TallyRow[] {
  const exact = rows.filter((row) => row.name === name);
  return exact.length > 0 ? exact : rows.filter((row) => routeKinds.has(row.kind) && name.endsWith(`.${row.name}`));
}

const routeKinds: ReadonlySet<string> = new Set(["request", "notify", "push"]);

function verdict(threshold: Threshold, part: Part, elapsedMs: number): Verdict {
  const { text, operator, limit } = threshold;
  const value = measuredBy(threshold, part, elapsedMs);
  if (value === undefined) {
    return { threshold: text, holds: false, measured: "nothing was timed" };
  }
  return { threshold: text, holds: compare(value, operator, limit), measured: shown(threshold, value) };
}

function measuredBy({ measure, isShare }: Threshold, part: Part, elapsedMs: number): number | undefined {
  const { count, errors, missed, unfinished, latency } = part;
  switch (measure) {
    case "errors":
      return isShare ? shareOf(errors, count) : errors;
    case "missed":
      return isShare ? shareOf(missed, count + missed) : missed;
    case "unfinished":
      return isShare ? shareOf(unfinished, count + unfinished) : unfinished;
    case "count":
      return count;
    case "rate":
      return Math.round((count / Math.max(elapsedMs, 1)) * 10_000) / 10;
    default:
      return latency.count === 0 ? undefined : toMs(timeOf(measure, latency));
  }
}

function timeOf(measure: string, latency: Histogram): number {
  return measure === "mean"
    ? latency.mean
    : measure === "max"
      ? latency.greatest
      : latency.percentile(Number(measure.slice(1)) / 100);
}

/** Errors where nothing was counted are all that there is. */
function shareOf(part: number, whole: number): number {
  return whole > 0 ? part / whole : part > 0 ? 1 : 0;
}

function shown({ measure, isShare }: Threshold, value: number): string {
  if (isShare) {
    return `${Math.round(value * 100_000) / 1_000} %`;
  }
  return familyOf(measure) === "time" ? `${value} ms` : familyOf(measure) === "rate" ? `${value} /s` : String(value);
}

function compare(value: number, operator: Operator, limit: number): boolean {
  switch (operator) {
    case "<":
      return value < limit;
    case "<=":
      return value <= limit;
    case ">":
      return value > limit;
    default:
      return value >= limit;
  }
}

function familyOf(measure: string): "time" | "part" | "count" | "rate" {
  switch (measure) {
    case "errors":
    case "missed":
    case "unfinished":
      return "part";
    case "count":
      return "count";
    case "rate":
      return "rate";
    default:
      return "time";
  }
}

/** To milliseconds, or to a share. */
const factors: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, m: 60_000, "%": 0.01 };

function wrong(text: unknown, advice: string): NanowireError {
  return new NanowireError("invalid_option", `threshold ${String(text)} cannot be read: ${advice}`);
}
