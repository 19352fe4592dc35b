// The fuzzer, as a program: docs/security.md tells how to run it. Each target runs in a thread of its own, so that one that hangs, or eats the memory, can be
// ended; what it was given lies in memory that both threads see.

import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { readSample } from "./corpus.js";
import { CurrentInput } from "./current-input.js";
import { type Job, type Report, runJob } from "./job.js";
import { plantedTargets, targets } from "./targets.js";

const usageExitCode = 2;

if (isMainThread) {
  process.exitCode = await main();
} else {
  await runJob(workerData as Job);
}

async function main(): Promise<number> {
  const { values: given } = parseArgs({
    options: {
      seconds: { type: "string", default: process.env["NANOWIRE_FUZZ_SECONDS"] ?? "20" },
      seed: { type: "string", default: String(Math.floor(Math.random() * 0x1_0000_0000)) },
      target: { type: "string", multiple: true, default: targets.map(({ name }) => name) },
      input: { type: "string" },
      corpus: { type: "string", default: "test/fuzz/corpus" },
      failures: { type: "string", default: "fuzz-failures" },
      patience: { type: "string", default: "30" },
    },
  });
  const [seconds, seed, patience] = [Number(given.seconds), Number(given.seed), Number(given.patience)];
  const chosen = [...targets, ...plantedTargets].filter(({ name }) => given.target.includes(name));
  if (chosen.length !== given.target.length || !(seconds >= 0) || !(patience > 0) || !Number.isInteger(seed)) {
    console.error(`There are --seconds N, --seed N, --patience SECONDS, --failures FOLDER, --input FILE, --target of`);
    console.error(targets.map(({ name }) => name).join(", "));
    return usageExitCode;
  }
  const { input: file, corpus } = given;
  if (file !== undefined && chosen.length !== 1) {
    console.error("An input is one target's: --target NAME --input FILE");
    return usageExitCode;
  }
  const input = file === undefined ? undefined : readSample(file);
  const weights = chosen.reduce((sum, { weight = 1 }) => sum + weight, 0);
  console.log(`seed ${seed}`);
  let failed = 0;
  for (const { name, weight = 1 } of chosen) {
    const forMs = input === undefined ? (seconds * 1_000 * weight) / weights : 0;
    const { inputs, taken, failure } = await watched({ name, seed, forMs, corpus, input }, patience * 1_000);
    console.log(`${name}: ${inputs} inputs, ${taken} taken`);
    if (failure !== undefined) {
      failed++;
      console.log(`${name} failed: ${failure.what}`);
      console.log(`again: npm run fuzz -- --target ${name} --input ${saved(given.failures, name, failure.input)}`);
    }
  }
  return failed === 0 ? 0 : 1;
}

/** Does a job in a thread. It has failed when it does not go on for so long, when its memory is used up, and when it throws where nobody waits. */
function watched(job: Omit<Job, "current">, patienceMs: number): Promise<Report> {
  const current = new CurrentInput();
  return new Promise((resolve) => {
    const worker = new Worker(fileURLToPath(import.meta.url), {
      workerData: { ...job, current: current.shared } satisfies Job,
      resourceLimits: { maxOldGenerationSizeMb: 512 },
    });
    let seen = -1;
    const watch = setInterval(() => {
      if (current.count === seen) {
        fail(`nothing came of it for ${patienceMs} ms`);
      }
      seen = current.count;
    }, patienceMs);
    let hasEnded = false;
    const end = (report: Report): void => {
      // The end of the thread is one more.
      if (!hasEnded) {
        hasEnded = true;
        clearInterval(watch);
        void worker.terminate().then(() => resolve(report));
      }
    };
    const fail = (what: string): void => {
      end({ inputs: current.count, taken: 0, failure: { input: current.input, what } });
    };
    worker.on("message", (report: Report) => end(report));
    worker.on("error", (error) => fail(error.stack ?? error.message));
    worker.on("exit", (code) => fail(`the thread ended by itself, with ${code}`));
  });
}

/** Keeps an input that something was found by, under a name that is the same for the same bytes. */
function saved(folder: string, target: string, input: Uint8Array): string {
  mkdirSync(folder, { recursive: true });
  const file = `${folder}/${target}-${createHash("sha256").update(input).digest("hex").slice(0, 12)}.bin`;
  writeFileSync(file, input);
  return file;
}
