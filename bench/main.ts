#!/usr/bin/env node
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { readOwnPackage } from "../generator/read/package-root.js";
import { parseBenchArguments, usage } from "./arguments.js";
import { broadcast } from "./cases/broadcast.js";
import { broadcastGates } from "./cases/broadcast-gates.js";
import { bundle } from "./cases/bundle.js";
import { chaos } from "./cases/chaos.js";
import { clusterSimulation } from "./cases/cluster-simulation.js";
import { codec } from "./cases/codec.js";
import { flood } from "./cases/flood.js";
import { generator } from "./cases/generator.js";
import { growth } from "./cases/growth.js";
import { handshakes } from "./cases/handshakes.js";
import { hop } from "./cases/hop.js";
import { idle } from "./cases/idle.js";
import { metrics } from "./cases/metrics.js";
import { nano } from "./cases/nano.js";
import { peers } from "./cases/peers.js";
import { pingPong, pingPong1k, pingPongBytes } from "./cases/ping-pong.js";
import { soak } from "./cases/soak.js";
import { startUp } from "./cases/start-up.js";
import { timers } from "./cases/timers.js";
import { tracing } from "./cases/tracing.js";
import { watch } from "./cases/watch.js";
import { wire } from "./cases/wire.js";
import { findPinning, unpinned } from "./pinning.js";
import { type CaseResults, formatResults } from "./results.js";
import { type AnyCase, kindOf, type Outcome, runCase } from "./run-case.js";
import { selectCases } from "./select-cases.js";

const cases: readonly AnyCase[] = [
  pingPong,
  pingPong1k,
  pingPongBytes,
  metrics,
  tracing,
  nano,
  peers,
  broadcast,
  idle,
  handshakes,
  flood,
  growth,
  startUp,
  timers,
  wire,
  codec,
  generator,
  watch,
  bundle,
  hop,
  broadcastGates,
  clusterSimulation,
  soak,
  chaos,
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
  for (const each of options.names.length > 0 ? selected : []) {
    const missing = missingOf(each);
    if (missing !== undefined) {
      throw new Error(`${each.name}: ${missing}`);
    }
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
  const settingText = `${connections} connections, a warm-up and ${rounds} rounds of ${roundMs / 1_000} s a side, in turn; ${setting.pinning.text}`;
  const [begun, loadBefore] = [new Date().toISOString(), loadavg()];
  console.log(machine);
  if (selected.some((each) => kindOf(each) === "load")) {
    console.log(
      `${settingText}\nmedians of the rounds; CPU: the server's process, user + system; × raw: more is better, 1 is as good\n`,
    );
  }
  const done: (CaseResults & { readonly outcomes: readonly Outcome[] })[] = [];
  for (const each of selected) {
    const missing = missingOf(each);
    if (missing !== undefined) {
      console.log(`${each.name} is left out: ${missing}\n`);
      continue;
    }
    const tables: string[] = [];
    const print = (text: string): void => {
      console.log(text);
      tables.push(text);
    };
    const outcomes = await runCase(each, { options, setting, print });
    const lastLines = outcomes.map(({ lastLine }) => lastLine);
    done.push({ name: each.name, summary: each.summary, tables, lastLines, outcomes });
  }
  if (options.json !== undefined) {
    const { pinning, ...numbers } = setting;
    const figures = done.map(({ name, outcomes }) => ({
      case: name,
      comparisons: outcomes.map((outcome) => outcome.figures),
    }));
    writeFileSync(
      options.json,
      `${JSON.stringify({ machine, setting: { ...numbers, pinning: pinning.text }, cases: figures }, null, 2)}\n`,
    );
  }
  if (options.report) {
    const { root } = readOwnPackage();
    const results = { begun, loadBefore, args: process.argv.slice(2), setting: settingText, cases: done };
    writeFileSync(join(root, "bench/RESULTS.md"), formatResults(root, results));
  }
  console.log(done.flatMap(({ lastLines }) => lastLines).join("\n"));
  if (done.some(({ outcomes }) => outcomes.some(({ broken }) => broken === true))) {
    process.exitCode = 1;
  }
}

/** Why a case cannot be run here, if so. */
function missingOf(each: AnyCase): string | undefined {
  return "missing" in each ? each.missing?.() : undefined;
}
