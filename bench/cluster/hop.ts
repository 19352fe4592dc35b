import { cpuMicrosPerMessage, median, runInTurn, type SideFigures, summarize } from "../comparison.js";
import type { RoundFigures, Setting, Side } from "../side.js";

/** What it costs that a request is answered by another node. */
export interface HopCase {
  readonly name: string;
  readonly summary: string;
  readonly kind: "hop";
  readonly comparisons: readonly (HopComparison | HopLatency)[];
  /** Why it cannot be run here; undefined: it can. */
  readonly missing: () => string | undefined;
}

/** A hop, and what it is measured by. */
export interface HopComparison {
  /** Its name within its case: `grpc-64`. */
  readonly name: string;
  readonly title: string;
  /** A gate that answers by itself. */
  readonly alone: Side;
  /** A gate that asks a member. What it costs more than `alone` is the hop. */
  readonly forwarded: Side;
  /** The yardsticks: what carries the hop, by itself. */
  readonly engines: readonly Side[];
}

/** How long a request takes through a hop at half of the load that it bears at the most. */
export interface HopLatency {
  readonly name: string;
  readonly title: string;
  readonly paced: Side;
}

/** What came of a {@link HopComparison}. */
export interface HopFigures {
  readonly name: string;
  readonly title: string;
  readonly alone: SideFigures;
  readonly forwarded: SideFigures;
  /** CPU of the hop alone, in microseconds a request. */
  readonly hopMicros: number;
  readonly engines: readonly EngineFigures[];
}

/** A bare engine, and the hop beside it. */
export interface EngineFigures extends SideFigures {
  /** CPU of the hop ÷ that of a call of the engine, of each turn. */
  readonly ratios: readonly number[];
  /** Their median: less is better. */
  readonly ratio: number;
}

/** What came of a {@link HopLatency}. */
export interface HopLatencyFigures {
  readonly name: string;
  readonly title: string;
  readonly paced: SideFigures;
}

/** Runs all sides in turn. */
export async function runHop(comparison: HopComparison, setting: Setting): Promise<HopFigures> {
  const { name, title, alone, forwarded, engines } = comparison;
  const [ofAlone = [], ofForwarded = [], ...ofEngines] = await runInTurn([alone, forwarded, ...engines], setting);
  const hops = ofForwarded.map(
    (round, turn) => cpuMicrosPerMessage(round) - cpuMicrosPerMessage(ofAlone[turn] as RoundFigures),
  );
  return {
    name,
    title,
    alone: summarize(alone.name, ofAlone),
    forwarded: summarize(forwarded.name, ofForwarded),
    hopMicros: median(hops),
    engines: engines.map((engine, index) => {
      const rounds = ofEngines[index] ?? [];
      const ratios = rounds.map((round, turn) => (hops[turn] as number) / cpuMicrosPerMessage(round));
      return { ...summarize(engine.name, rounds), ratios, ratio: median(ratios) };
    }),
  };
}

/** Runs the rounds at half of the load. */
export async function runHopLatency({ name, title, paced }: HopLatency, setting: Setting): Promise<HopLatencyFigures> {
  const [rounds = []] = await runInTurn([paced], setting);
  return { name, title, paced: summarize(paced.name, rounds) };
}

/** The table of a hop: a line for each side, which ends with what the hop is beside it. */
export function formatHop(caseName: string, { name, title, alone, forwarded, hopMicros, engines }: HopFigures): string {
  const ofEngines = engines.map(({ ratios, ratio, ...side }) => {
    const range = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
    return row([...cells(side), "", range, ratio.toFixed(3)]);
  });
  return [
    `${caseName}/${name}: ${title}`,
    row(headings),
    row(cells(alone)),
    row([...cells(forwarded), hopMicros.toFixed(2)]),
    ...partsOf(forwarded),
    ...ofEngines,
  ].join("\n");
}

/** The table of one that is paced. */
export function formatHopLatency(caseName: string, { name, title, paced }: HopLatencyFigures): string {
  return [
    `${caseName}/${name}: ${title}`,
    row(headings.slice(0, 6)),
    row(cells(paced)),
    ...partsOf(paced),
    ...coresOf(paced),
  ].join("\n");
}

/** The last line of a hop. */
export function formatHopRatios(caseName: string, { name, engines }: HopFigures): string {
  const texts = engines.map(({ name: engine, ratio }) => `÷ ${engine} ${ratio.toFixed(3)}`);
  return `ratio ${`${caseName}/${name}`.padEnd(34)} hop ${texts.join(", ")} (less is better)`;
}

/** The last line of one that is paced. */
export function formatHopP99(caseName: string, { name, paced }: HopLatencyFigures): string {
  const rate = Math.round(paced.messagesPerSecond).toLocaleString("en");
  return `time  ${`${caseName}/${name}`.padEnd(34)} p99 ${paced.latencyMs.p99.toFixed(2)} ms at ${rate} requests/s (less is better)`;
}

/** What each process had of the CPU time of a request. */
function partsOf({ rounds }: SideFigures): string[] {
  const names = Object.keys(rounds[0]?.parts ?? {});
  const texts = names.map((part) => {
    const micros = median(rounds.map(({ parts, messages }) => (parts?.[part] ?? Number.NaN) / messages));
    return `${part} ${micros.toFixed(2)}`;
  });
  return texts.length === 0 ? [] : [`    of which ${texts.join(", ")}`];
}

/** How much of a core each process used, and how late the requests left, which counts as latency: it is not the cluster's. */
function coresOf({ rounds }: SideFigures): string[] {
  const names = Object.keys(rounds[0]?.parts ?? {});
  const texts = names.map((part) => {
    const share = median(rounds.map(({ parts, elapsedMs }) => (parts?.[part] ?? Number.NaN) / elapsedMs / 1_000));
    return `${part} ${Math.round(share * 100)}%`;
  });
  const lateMs = median(rounds.map((round) => round.lateMs ?? Number.NaN));
  return [`    of a core ${texts.join(", ")}; requests left ${lateMs.toFixed(2)} ms late (p99)`];
}

function cells({ name, cpuMicrosPerMessage: micros, messagesPerSecond, latencyMs }: SideFigures): string[] {
  return [
    name,
    micros.toFixed(2),
    Math.round(messagesPerSecond).toLocaleString("en"),
    latencyMs.p50.toFixed(2),
    latencyMs.p99.toFixed(2),
    latencyMs.p999.toFixed(2),
  ];
}

function row(cells: readonly string[]): string {
  return `  ${cells.map((cell, index) => (index === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[index] ?? 0))).join(" ")}`.trimEnd();
}

const headings = ["", "CPU µs/req", "requests/s", "p50 ms", "p99 ms", "p99.9 ms", "the hop", "range", "hop ÷"] as const;

const widths = [16, 10, 11, 7, 7, 8, 8, 12, 7] as const;
