import { median } from "../comparison.js";
import { type Command, type RunFigures, runMeasured } from "./measured-run.js";
import type { TreeSize } from "./proto-tree.js";

/** Two commands that do the same work, compared as a whole: from their start to their end. */
export interface CommandComparison {
  /** Its name within its case. */
  readonly name: string;
  readonly title: string;
  /**
   * Makes what they work on.
   *
   * @param directory an empty folder
   */
  readonly prepare: (directory: string, size: TreeSize) => PreparedCommands;
}

/** The commands, ready to be run again and again. */
export interface PreparedCommands {
  readonly baseline: PreparedCommand;
  readonly subject: PreparedCommand;
}

/** A command, and what is done before each run. */
export interface PreparedCommand {
  readonly name: string;
  readonly command: Command;
  /** Takes away what the run before has made. */
  readonly reset: () => void;
}

/** A set of comparisons of commands. */
export interface CommandCase {
  readonly name: string;
  readonly summary: string;
  readonly kind: "commands";
  readonly comparisons: readonly CommandComparison[];
}

/** What came of a comparison. */
export interface CommandFigures {
  readonly name: string;
  readonly title: string;
  readonly baseline: CommandSideFigures;
  readonly subject: CommandSideFigures;
  /** Subject ÷ baseline, the median of the pairs of rounds: less is better. */
  readonly ratios: RunFigures;
}

/** The figures of one side: each is the median of its rounds. */
export interface CommandSideFigures extends RunFigures {
  readonly name: string;
  readonly rounds: readonly RunFigures[];
}

/** Runs both commands in turn: once each to warm the disk's cache, then the counted rounds. */
export async function runCommandComparison(
  { name, title, prepare }: CommandComparison,
  directory: string,
  size: TreeSize,
  rounds: number,
): Promise<CommandFigures> {
  const { baseline, subject } = prepare(directory, size);
  const run = async ({ command, reset }: PreparedCommand): Promise<RunFigures> => {
    reset();
    return await runMeasured(command);
  };
  await run(baseline);
  await run(subject);
  const pairs: { readonly baseline: RunFigures; readonly subject: RunFigures }[] = [];
  for (let round = 0; round < rounds; round++) {
    pairs.push({ baseline: await run(baseline), subject: await run(subject) });
  }
  const baselineRounds = pairs.map((pair) => pair.baseline);
  const subjectRounds = pairs.map((pair) => pair.subject);
  return {
    name,
    title,
    baseline: { name: baseline.name, ...medians(baselineRounds), rounds: baselineRounds },
    subject: { name: subject.name, ...medians(subjectRounds), rounds: subjectRounds },
    ratios: medians(
      pairs.map((pair) => ({
        elapsedMs: pair.subject.elapsedMs / pair.baseline.elapsedMs,
        cpuMs: pair.subject.cpuMs / pair.baseline.cpuMs,
        peakBytes: pair.subject.peakBytes / pair.baseline.peakBytes,
      })),
    ),
  };
}

/** The table of one comparison. */
export function formatCommands(caseName: string, { name, title, baseline, subject }: CommandFigures): string {
  const row = (cells: readonly string[]): string =>
    `  ${cells.map((cell, index) => (index === 0 ? cell.padEnd(24) : cell.padStart(12))).join(" ")}`;
  const side = ({ name: sideName, cpuMs, elapsedMs, peakBytes }: CommandSideFigures): string =>
    row([sideName, (cpuMs / 1_000).toFixed(2), (elapsedMs / 1_000).toFixed(2), (peakBytes / (1 << 20)).toFixed(0)]);
  return [`${caseName}/${name}: ${title}`, row(["", "CPU s", "time s", "peak MB"]), side(baseline), side(subject)].join(
    "\n",
  );
}

/** The last line: what share of the baseline's the subject needs. */
export function formatCommandRatios(caseName: string, { name, baseline, ratios }: CommandFigures): string {
  const { cpuMs, elapsedMs, peakBytes } = ratios;
  return `ratio ${`${caseName}/${name}`.padEnd(34)} ÷ ${baseline.name}: CPU ${cpuMs.toFixed(3)}, time ${elapsedMs.toFixed(3)}, memory ${peakBytes.toFixed(3)} (less is better)`;
}

function medians(rounds: readonly RunFigures[]): RunFigures {
  const of = (figure: keyof RunFigures): number => median(rounds.map((round) => round[figure]));
  return { elapsedMs: of("elapsedMs"), cpuMs: of("cpuMs"), peakBytes: of("peakBytes") };
}
