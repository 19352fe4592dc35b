import { maxInputBytes } from "./mutate.js";

/** The input that is being tried, in memory that another thread sees as well: also when this one never comes back. */
export class CurrentInput {
  readonly shared: SharedArrayBuffer;
  readonly #counters: Int32Array;
  readonly #bytes: Uint8Array;

  /** @param shared of the other thread's. Default: new memory */
  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(countersBytes + maxBytes)) {
    this.shared = shared;
    this.#counters = new Int32Array(shared, 0, 2);
    this.#bytes = new Uint8Array(shared, countersBytes);
  }

  /** An input is about to be tried. */
  set(input: Uint8Array): void {
    this.#bytes.set(input.subarray(0, maxBytes));
    Atomics.store(this.#counters, lengthAt, Math.min(input.length, maxBytes));
    Atomics.add(this.#counters, countAt, 1);
  }

  /** How many have been tried. */
  get count(): number {
    return Atomics.load(this.#counters, countAt);
  }

  /** The last one. */
  get input(): Uint8Array {
    return this.#bytes.slice(0, Atomics.load(this.#counters, lengthAt));
  }
}

const countersBytes = 8;
const countAt = 0;
const lengthAt = 1;
/** What stands in the corpus may be longer than what is made of it. */
const maxBytes = 8 * maxInputBytes;
