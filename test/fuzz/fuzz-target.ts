import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Sample } from "./corpus.js";
import { mutate } from "./mutate.js";
import type { Random } from "./random.js";
import type { OpenTarget } from "./target.js";

/** How a target is fuzzed. */
export interface FuzzSettings {
  readonly samples: readonly Sample[];
  readonly random: Random;
  /** For how long inputs are made, when those of the corpus have been tried. */
  readonly forMs: number;
  /** Told of each input before it is tried. */
  readonly trying: (input: Uint8Array) => void;
}

/** How it went. */
export interface FuzzOutcome {
  readonly inputs: number;
  readonly taken: number;
  /** The input that something came out of which may not, and what that was. */
  readonly failure?: { readonly input: Uint8Array; readonly error: unknown };
}

/** Tries the corpus, and then what is made of it. It stops at the first input that fails. */
export async function fuzzTarget(target: OpenTarget, settings: FuzzSettings): Promise<FuzzOutcome> {
  const { samples, random, forMs, trying } = settings;
  const originals = samples.map(({ bytes }) => bytes);
  let inputs = 0;
  let taken = 0;
  let input: Uint8Array = new Uint8Array(0);
  const attempt = async (next: Uint8Array): Promise<void> => {
    input = next;
    inputs++;
    trying(input);
    const before = process.cpuUsage();
    taken += Number(await target.run(input));
    const { user, system } = process.cpuUsage(before);
    if (user + system > mostCpuMs * 1_000) {
      throw new Error(`an input of ${input.length} bytes took ${(user + system) / 1_000} ms of the processor`);
    }
    // What is rejected where nobody waits for it is told now, and not when the next is tried.
    await new Promise<void>((resolve) => void setImmediate(resolve));
  };
  try {
    for (const sample of originals) {
      await attempt(sample);
    }
    const end = performance.now() + forMs;
    const attemptAnother = (): Promise<void> => attempt(mutate(random.of(originals), originals, random));
    for (let count = 0; count < warmInputs && performance.now() < end; count++) {
      await attemptAnother();
    }
    const heldBefore = heldBytes();
    while (performance.now() < end) {
      await attemptAnother();
    }
    const grown = heldBytes() - heldBefore;
    if (grown > mostGrownBytes) {
      throw new Error(`${inputs} inputs have left ${grown} bytes behind`);
    }
    return { inputs, taken };
  } catch (error) {
    return { inputs, taken, failure: { input, error } };
  }
}

/** What one input may cost: thousands of times what any of them does, on a machine that is slow. */
const mostCpuMs = 5_000;
/** How many inputs are tried before it is looked what is held: caches fill up first. */
const warmInputs = 500;
/** What may be held more than before: what a run of some seconds leaves behind by chance is far below. */
const mostGrownBytes = 16 * 1_048_576;

function heldBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
