import type { RoundFigures, RunningSide, Setting, Side } from "./side.js";

/**
 * What the ratio of a comparison is made of. `cpu`: CPU a message. `rate`: messages a second. `p99`: the latency that 99 of a
 * hundred messages do not exceed. Whichever it is, more is better, and 1 is as good as the baseline.
 */
export type Measure = "cpu" | "rate" | "p99";

/** Two sides that do the same work. */
export interface Comparison {
  /** Its name within its case: `tcp-16`. */
  readonly name: string;
  readonly title: string;
  /** The yardstick: plain Node, or a library by itself. */
  readonly baseline: Side;
  /** What is measured by it. */
  readonly subject: Side;
  /** Default: `cpu` */
  readonly measure?: Measure;
}

/** A set of comparisons that belong together. */
export interface BenchCase {
  readonly name: string;
  readonly summary: string;
  readonly comparisons: readonly Comparison[];
  /** Why it cannot be run here; undefined: it can. Default: it can */
  readonly missing?: () => string | undefined;
}

/** The figures of one side: each is the median of its rounds. */
export interface SideFigures {
  readonly name: string;
  readonly cpuMicrosPerMessage: number;
  readonly messagesPerSecond: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly p999: number };
  /** Of one core, 0 to 1 and a little more. */
  readonly serverCpuShare: number;
  readonly loadCpuShare: number;
  /** Bytes of the transport's stream, without what IP and TCP add. */
  readonly requestBytes: number;
  readonly answerBytes: number;
  readonly rounds: readonly RoundFigures[];
}

/** What came of a comparison. */
export interface ComparisonFigures {
  readonly name: string;
  readonly title: string;
  readonly baseline: SideFigures;
  readonly subject: SideFigures;
  readonly measure: Measure;
  /** How much better the subject is by that measure, of each pair of rounds. */
  readonly ratios: readonly number[];
  /** The median of `ratios`: 1 is as good as the baseline, more is better. */
  readonly ratio: number;
}

/** Runs both sides in turn: a round each to warm up, then the counted rounds, baseline, subject, baseline, subject. */
export async function runComparison(comparison: Comparison, setting: Setting): Promise<ComparisonFigures> {
  const { name, title, measure = "cpu" } = comparison;
  const turns = await runInTurn([comparison.baseline, comparison.subject], setting);
  const [baseline = [], subject = []] = turns;
  const ratios = baseline.map((first, round) => ratioOf[measure](first, subject[round] as RoundFigures));
  return {
    name,
    title,
    baseline: summarize(comparison.baseline.name, baseline),
    subject: summarize(comparison.subject.name, subject),
    measure,
    ratios,
    ratio: median(ratios),
  };
}

/** Runs sides in turn, all of them up at once: a round each to warm up, then the counted rounds. Returns those of each side. */
export async function runInTurn(sides: readonly Side[], setting: Setting): Promise<RoundFigures[][]> {
  const running: RunningSide[] = [];
  try {
    for (const side of sides) {
      running.push(await side.start(setting));
    }
    for (const side of running) {
      await side.round(setting.warmUpMs);
    }
    const rounds: RoundFigures[][] = running.map(() => []);
    for (let round = 0; round < setting.rounds; round++) {
      for (const [index, side] of running.entries()) {
        rounds[index]?.push(await side.round(setting.roundMs));
      }
    }
    return rounds;
  } finally {
    for (const side of running) {
      await side.stop();
    }
  }
}

/** The middle of some numbers, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  const high = sorted[Math.floor(middle)] ?? Number.NaN;
  return (low + high) / 2;
}

/** The medians of a side's rounds. */
export function summarize(name: string, rounds: readonly RoundFigures[]): SideFigures {
  const medianOf = (figure: (round: RoundFigures) => number): number => median(rounds.map(figure));
  return {
    name,
    cpuMicrosPerMessage: medianOf(cpuMicrosPerMessage),
    messagesPerSecond: medianOf(messagesPerSecond),
    latencyMs: {
      p50: medianOf(({ latencyMs }) => latencyMs.p50),
      p99: medianOf(({ latencyMs }) => latencyMs.p99),
      p999: medianOf(({ latencyMs }) => latencyMs.p999),
    },
    serverCpuShare: medianOf(({ serverCpuMicros, elapsedMs }) => serverCpuMicros / elapsedMs / 1_000),
    loadCpuShare: medianOf(({ cpuMicros, elapsedMs }) => cpuMicros / elapsedMs / 1_000),
    requestBytes: medianOf(({ sentBytes, messages }) => sentBytes / messages),
    answerBytes: medianOf(({ receivedBytes, messages }) => receivedBytes / messages),
    rounds,
  };
}

const ratioOf: Readonly<Record<Measure, (baseline: RoundFigures, subject: RoundFigures) => number>> = {
  cpu: (baseline, subject) => cpuMicrosPerMessage(baseline) / cpuMicrosPerMessage(subject),
  rate: (baseline, subject) => messagesPerSecond(subject) / messagesPerSecond(baseline),
  p99: (baseline, subject) => baseline.latencyMs.p99 / subject.latencyMs.p99,
};

function messagesPerSecond({ messages, elapsedMs }: RoundFigures): number {
  return (messages / elapsedMs) * 1_000;
}

/** What the server's processes used for a message. */
export function cpuMicrosPerMessage({ serverCpuMicros, messages }: RoundFigures): number {
  return serverCpuMicros / messages;
}
