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
  const sides: RunningSide[] = [];
  try {
    const baseline = await comparison.baseline.start(setting);
    sides.push(baseline);
    const subject = await comparison.subject.start(setting);
    sides.push(subject);
    await baseline.round(setting.warmUpMs);
    await subject.round(setting.warmUpMs);
    const baselineRounds: RoundFigures[] = [];
    const subjectRounds: RoundFigures[] = [];
    const ratios: number[] = [];
    for (let round = 0; round < setting.rounds; round++) {
      const first = await baseline.round(setting.roundMs);
      const second = await subject.round(setting.roundMs);
      baselineRounds.push(first);
      subjectRounds.push(second);
      ratios.push(ratioOf[measure](first, second));
    }
    return {
      name,
      title,
      baseline: summarize(comparison.baseline.name, baselineRounds),
      subject: summarize(comparison.subject.name, subjectRounds),
      measure,
      ratios,
      ratio: median(ratios),
    };
  } finally {
    for (const side of sides) {
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

function summarize(name: string, rounds: readonly RoundFigures[]): SideFigures {
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

function cpuMicrosPerMessage({ serverCpuMicros, messages }: RoundFigures): number {
  return serverCpuMicros / messages;
}
