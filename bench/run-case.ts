import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchArguments } from "./arguments.js";
import { type BundleCase, formatBundle, measureBundle } from "./cases/bundle.js";
import type { ChaosCase } from "./cases/chaos.js";
import type { SoakCase } from "./cases/soak.js";
import { formatChaos, formatChaosVerdict, runChaos } from "./chaos/run-chaos.js";
import {
  formatHop,
  formatHopLatency,
  formatHopP99,
  formatHopRatios,
  type HopCase,
  type HopComparison,
  type HopLatency,
  runHop,
  runHopLatency,
} from "./cluster/hop.js";
import {
  type CommandCase,
  formatCommandRatios,
  formatCommands,
  runCommandComparison,
} from "./commands/command-comparison.js";
import { formatWatch, formatWatchTimes, runWatch, type WatchCase } from "./commands/watch-comparison.js";
import { type BenchCase, type Comparison, runComparison } from "./comparison.js";
import { type FootprintCase, formatFootprint, formatFootprintRatios, runFootprint } from "./footprint/footprint.js";
import { formatProfiles, listProfiles } from "./profile.js";
import { formatComparison, formatRatio } from "./report.js";
import type { Setting } from "./side.js";
import { formatSimulated, formatSimulation, runSimulation, type SimulationCase } from "./simulation/run-simulation.js";
import { formatSoak, formatSoakVerdict, runSoak } from "./soak/run-soak.js";

/** A case of any kind. */
export type AnyCase =
  | BenchCase
  | FootprintCase
  | CommandCase
  | WatchCase
  | BundleCase
  | SoakCase
  | HopCase
  | SimulationCase
  | ChaosCase;

/** What cases are run with. */
export interface BenchRun {
  readonly options: BenchArguments;
  readonly setting: Setting;
  /** Takes a table when it is there. */
  readonly print: (text: string) => void;
}

/** What came of one comparison of a case. */
export interface Outcome {
  /** Every figure. */
  readonly figures: object;
  /** What is printed at the end: the ratio. */
  readonly lastLine: string;
  /** Whether a promise was broken. Default: none was */
  readonly broken?: boolean;
}

/** Runs every comparison of a case, and prints a table for each. */
export async function runCase(each: AnyCase, run: BenchRun): Promise<Outcome[]> {
  const heading = headingOf(each, run.options);
  if (heading !== undefined) {
    run.print(`${heading}\n`);
  }
  if (!("kind" in each)) {
    return await inTurn(each.comparisons, (comparison) => runLoaded(each.name, comparison, run));
  }
  switch (each.kind) {
    case "footprint":
      return await inTurn(each.comparisons, async (comparison) => {
        const figures = await runFootprint(comparison, run.setting);
        run.print(`${formatFootprint(each.name, comparison, figures)}\n`);
        return { figures, lastLine: formatFootprintRatios(each.name, comparison, figures) };
      });
    case "commands":
      return await inTurn(each.comparisons, async (comparison) => {
        const { tree, rounds } = run.options;
        const figures = await inTemporaryFolder((folder) => runCommandComparison(comparison, folder, tree, rounds));
        run.print(`${formatCommands(each.name, figures)}\n`);
        return { figures, lastLine: formatCommandRatios(each.name, figures) };
      });
    case "watch":
      return await inTurn(each.comparisons, async (comparison) => {
        const { tree, rounds } = run.options;
        const figures = await inTemporaryFolder((folder) => runWatch(comparison, folder, tree, rounds));
        run.print(`${formatWatch(each.name, figures)}\n`);
        return { figures, lastLine: formatWatchTimes(each.name, figures) };
      });
    case "bundle":
      return await inTurn(each.comparisons, async (subject) => {
        const figures = await measureBundle(subject);
        return { figures, lastLine: formatBundle(each.name, figures) };
      });
    case "hop":
      return await inTurn(each.comparisons, (one) =>
        profiled(run, () => ("paced" in one ? runLatency(each.name, one, run) : runOneHop(each.name, one, run))),
      );
    case "simulation":
      return await inTurn(each.comparisons, async (simulation) => {
        const figures = await runSimulation(simulation, run.setting);
        run.print(`${formatSimulation(each.name, simulation, figures)}\n`);
        return { figures, lastLine: formatSimulated(each.name, simulation, figures) };
      });
    case "soak":
      return await inTurn(each.comparisons, async ({ name }) => {
        const figures = await runSoak(`${each.name}/${name}`, run.options.soak, run.setting.pinning);
        run.print(`${formatSoak(figures)}\n`);
        return { figures, lastLine: formatSoakVerdict(figures), broken: figures.broken.length > 0 };
      });
    case "chaos":
      return await inTurn(each.comparisons, async ({ name }) => {
        const figures = await runChaos(`${each.name}/${name}`, name, run.options.chaos);
        run.print(`${formatChaos(figures)}\n`);
        return { figures, lastLine: formatChaosVerdict(figures), broken: figures.broken.length > 0 };
      });
  }
}

async function runLoaded(caseName: string, comparison: Comparison, run: BenchRun): Promise<Outcome> {
  return await profiled(run, async () => {
    const figures = await runComparison(comparison, run.setting);
    run.print(`${formatComparison(caseName, figures)}\n`);
    return { figures, lastLine: formatRatio(caseName, figures) };
  });
}

async function runOneHop(caseName: string, comparison: HopComparison, { setting, print }: BenchRun): Promise<Outcome> {
  const figures = await runHop(comparison, setting);
  print(`${formatHop(caseName, figures)}\n`);
  return { figures, lastLine: formatHopRatios(caseName, figures) };
}

async function runLatency(caseName: string, comparison: HopLatency, { setting, print }: BenchRun): Promise<Outcome> {
  const figures = await runHopLatency(comparison, setting);
  print(`${formatHopLatency(caseName, figures)}\n`);
  return { figures, lastLine: formatHopP99(caseName, figures) };
}

/** Prints the profiles that a comparison leaves, where they are asked for. */
async function profiled({ setting, print }: BenchRun, runOne: () => Promise<Outcome>): Promise<Outcome> {
  const { profileDirectory } = setting;
  const known = new Set(profileDirectory === undefined ? [] : listProfiles(profileDirectory));
  const outcome = await runOne();
  if (profileDirectory !== undefined) {
    print(`${formatProfiles(profileDirectory, known)}\n`);
  }
  return outcome;
}

/** What is said before the tables of a case. */
function headingOf(each: AnyCase, { rounds, roundMs, tree }: BenchArguments): string | undefined {
  switch (kindOf(each)) {
    case "commands":
      return `${each.name}: ${tree.services} services × ${tree.methods} methods; a round each to warm up, then ${rounds} in turn; medians; CPU and memory of all processes of a command`;
    case "watch":
      return `${each.name}: one file of a tree is changed; a first change of each kind, then the medians of ${rounds}`;
    case "hop":
      return `${each.name}: medians of ${rounds} rounds of ${roundMs / 1_000} s, in turn; CPU of all processes but the clients'; the hop: what a request costs more than at a gate that answers by itself`;
    case "footprint":
      return `${each.name}: medians of ${rounds} rounds, in turn, each with a process of its own`;
    default:
      return undefined;
  }
}

/** What kind of figures a case has. */
export function kindOf(
  each: AnyCase,
): "load" | "footprint" | "commands" | "watch" | "bundle" | "soak" | "hop" | "simulation" | "chaos" {
  return "kind" in each ? each.kind : "load";
}

async function inTurn<T>(all: readonly T[], run: (one: T) => Promise<Outcome>): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const one of all) {
    outcomes.push(await run(one));
  }
  return outcomes;
}

async function inTemporaryFolder<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "nanowire-bench-"));
  try {
    return await use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
