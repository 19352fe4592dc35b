#!/usr/bin/env node
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { type BenchArguments, parseBenchArguments, usage } from "./arguments.js";
import { broadcast } from "./cases/broadcast.js";
import { type BundleCase, type BundleFigures, bundle, formatBundle, measureBundle } from "./cases/bundle.js";
import { generator } from "./cases/generator.js";
import { pingPong, pingPong1k, pingPongBytes } from "./cases/ping-pong.js";
import { type SoakCase, soak } from "./cases/soak.js";
import { timers } from "./cases/timers.js";
import { watch } from "./cases/watch.js";
import { wire } from "./cases/wire.js";
import {
  type CommandCase,
  type CommandFigures,
  formatCommandRatios,
  formatCommands,
  runCommandComparison,
} from "./commands/command-comparison.js";
import {
  formatWatch,
  formatWatchTimes,
  runWatch,
  type WatchCase,
  type WatchFigures,
} from "./commands/watch-comparison.js";
import { type BenchCase, type ComparisonFigures, runComparison } from "./comparison.js";
import { findPinning, type Pinning, unpinned } from "./pinning.js";
import { formatProfiles, listProfiles } from "./profile.js";
import { formatComparison, formatRatios } from "./report.js";
import { selectCases } from "./select-cases.js";
import { formatSoak, formatSoakVerdict, runSoak, type SoakFigures } from "./soak/run-soak.js";

type AnyCase = BenchCase | CommandCase | WatchCase | BundleCase | SoakCase;

const cases: readonly AnyCase[] = [
  pingPong,
  pingPong1k,
  pingPongBytes,
  broadcast,
  timers,
  wire,
  generator,
  watch,
  bundle,
  soak,
];

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const options = parseBenchArguments(process.argv.slice(2));
  const selected = selectCases(cases, options.names);
  if (options.help) {
    console.log(usage);
    return;
  }
  if (options.list) {
    for (const { name, summary, comparisons } of selected) {
      console.log(
        [`${name}: ${summary}`, ...comparisons.map((each) => `  ${name}/${each.name}: ${each.title}`)].join("\n"),
      );
    }
    return;
  }
  const { connections, rounds, roundMs, warmUpMs, profile } = options;
  const setting = {
    connections,
    rounds,
    roundMs,
    warmUpMs,
    pinning: options.pin ? findPinning() : unpinned,
    profileDirectory: profile,
  };
  const machine = `Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} × ${cpus()[0]?.model ?? "?"}`;
  console.log(machine);
  const commandFigures = await runCommandCases(
    selected.filter((each): each is CommandCase => kindOf(each) === "commands"),
    options,
  );
  const watchFigures = await runWatchCases(
    selected.filter((each): each is WatchCase => kindOf(each) === "watch"),
    options,
  );
  const bundleFigures = await runBundleCases(selected.filter((each): each is BundleCase => kindOf(each) === "bundle"));
  const soakFigures = await runSoakCases(
    selected.filter((each): each is SoakCase => kindOf(each) === "soak"),
    options,
    setting.pinning,
  );
  const loaded = selected.filter((each): each is BenchCase => kindOf(each) === "load");
  if (loaded.length > 0) {
    console.log(
      `${connections} connections, a warm-up and ${rounds} rounds of ${roundMs / 1_000} s a side, in turn; ${setting.pinning.text}`,
    );
    console.log(
      "medians of the rounds; CPU: the server's process, user + system; × raw: more is better, 1 is as good\n",
    );
  }
  const figures: { case: string; comparisons: ComparisonFigures[] }[] = [];
  for (const { name, comparisons } of loaded) {
    const done: ComparisonFigures[] = [];
    for (const comparison of comparisons) {
      const known = new Set(profile === undefined ? [] : listProfiles(profile));
      done.push(await runComparison(comparison, setting));
      console.log(`${done.map((each) => formatComparison(name, each)).at(-1)}\n`);
      if (profile !== undefined) {
        console.log(`${formatProfiles(profile, known)}\n`);
      }
    }
    figures.push({ case: name, comparisons: done });
  }
  if (options.json !== undefined) {
    const { pinning, ...numbers } = setting;
    writeFileSync(
      options.json,
      `${JSON.stringify({ machine, setting: { ...numbers, pinning: pinning.text }, cases: [...figures, ...commandFigures, ...watchFigures, ...bundleFigures, ...soakFigures] }, null, 2)}\n`,
    );
  }
  for (const { case: name, comparisons } of figures) {
    console.log(formatRatios(name, comparisons));
  }
  for (const { case: name, comparisons } of commandFigures) {
    console.log(comparisons.map((each) => formatCommandRatios(name, each)).join("\n"));
  }
  for (const { case: name, comparisons } of watchFigures) {
    console.log(comparisons.map((each) => formatWatchTimes(name, each)).join("\n"));
  }
  for (const { case: name, comparisons } of bundleFigures) {
    console.log(comparisons.map((each) => formatBundle(name, each)).join("\n"));
  }
  for (const { comparisons } of soakFigures) {
    console.log(comparisons.map(formatSoakVerdict).join("\n"));
    if (comparisons.some(({ broken }) => broken.length > 0)) {
      process.exitCode = 1;
    }
  }
}

/** Lets clients of every kind at a server, and prints what came of it. */
async function runSoakCases(
  selected: readonly SoakCase[],
  options: BenchArguments,
  pinning: Pinning,
): Promise<{ case: string; comparisons: SoakFigures[] }[]> {
  const figures: { case: string; comparisons: SoakFigures[] }[] = [];
  for (const { name, comparisons } of selected) {
    const done: SoakFigures[] = [];
    for (const { name: which } of comparisons) {
      const result = await runSoak(`${name}/${which}`, options.soak, pinning);
      done.push(result);
      console.log(`${formatSoak(result)}\n`);
    }
    figures.push({ case: name, comparisons: done });
  }
  return figures;
}

/** Measures what pages load: there is nothing to repeat. */
async function runBundleCases(
  selected: readonly BundleCase[],
): Promise<{ case: string; comparisons: BundleFigures[] }[]> {
  return await Promise.all(
    selected.map(async ({ name, comparisons }) => ({
      case: name,
      comparisons: await Promise.all(comparisons.map(measureBundle)),
    })),
  );
}

function kindOf(each: AnyCase): "load" | "commands" | "watch" | "bundle" | "soak" {
  return "kind" in each ? each.kind : "load";
}

/** Runs the cases that compare whole commands, and prints a table for each comparison. */
async function runCommandCases(
  selected: readonly CommandCase[],
  { rounds, tree }: BenchArguments,
): Promise<{ case: string; comparisons: CommandFigures[] }[]> {
  const figures: { case: string; comparisons: CommandFigures[] }[] = [];
  for (const { name, comparisons } of selected) {
    console.log(
      `${name}: ${tree.services} services × ${tree.methods} methods; a round each to warm up, then ${rounds} in turn; medians; CPU and memory of all processes of a command\n`,
    );
    const done: CommandFigures[] = [];
    for (const comparison of comparisons) {
      const result = await inTemporaryFolder((directory) => runCommandComparison(comparison, directory, tree, rounds));
      done.push(result);
      console.log(`${formatCommands(name, result)}\n`);
    }
    figures.push({ case: name, comparisons: done });
  }
  return figures;
}

/** Runs the cases of commands that watch, and prints a table for each tree. */
async function runWatchCases(
  selected: readonly WatchCase[],
  { rounds, tree }: BenchArguments,
): Promise<{ case: string; comparisons: WatchFigures[] }[]> {
  const figures: { case: string; comparisons: WatchFigures[] }[] = [];
  for (const { name, comparisons } of selected) {
    console.log(`${name}: one file of a tree is changed; a first change of each kind, then the medians of ${rounds}\n`);
    const done: WatchFigures[] = [];
    for (const comparison of comparisons) {
      const result = await inTemporaryFolder((directory) => runWatch(comparison, directory, tree, rounds));
      done.push(result);
      console.log(`${formatWatch(name, result)}\n`);
    }
    figures.push({ case: name, comparisons: done });
  }
  return figures;
}

async function inTemporaryFolder<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "nanowire-bench-"));
  try {
    return await use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
