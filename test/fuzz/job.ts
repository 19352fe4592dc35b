import { inspect } from "node:util";
import { parentPort } from "node:worker_threads";
import { readCorpus } from "./corpus.js";
import { CurrentInput } from "./current-input.js";
import { fuzzTarget } from "./fuzz-target.js";
import { Random } from "./random.js";
import { plantedTargets, targets } from "./targets.js";

/** What a thread is to fuzz. */
export interface Job {
  readonly name: string;
  readonly seed: number;
  readonly forMs: number;
  /** The folder of the corpora, one of which bears the target's name. */
  readonly corpus: string;
  /** The only input to be tried; undefined: the corpus, and what is made of it. */
  readonly input: Uint8Array | undefined;
  readonly current: SharedArrayBuffer;
}

/** What a thread says when it has done so. */
export interface Report {
  readonly inputs: number;
  readonly taken: number;
  readonly failure?: { readonly input: Uint8Array; readonly what: string };
}

/** Does a job, and reports to the thread that gave it. */
export async function runJob({ name, seed, forMs, corpus, input, current }: Job): Promise<void> {
  const target = [...targets, ...plantedTargets].find((one) => one.name === name);
  if (target === undefined) {
    throw new Error(`there is no target ${name}`);
  }
  const samples = input === undefined ? readCorpus(`${corpus}/${name}`) : [{ file: "", bytes: input }];
  if (samples.length === 0) {
    throw new Error(`${corpus}/${name} holds nothing to begin with`);
  }
  const shared = new CurrentInput(current);
  const trying = (bytes: Uint8Array): void => shared.set(bytes);
  const opened = await target.open();
  const { failure, ...counts } = await fuzzTarget(opened, { samples, random: new Random(seed), forMs, trying });
  await opened.close?.();
  const report: Report =
    failure === undefined ? counts : { ...counts, failure: { input: failure.input, what: textOf(failure.error) } };
  parentPort?.postMessage(report);
}

function textOf(error: unknown): string {
  return inspect(error, { depth: 3 });
}
