import { vi } from "vitest";

/** A promise, and the function that keeps it. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** A promise that is kept, or broken, from outside. */
export function defer<T = void>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((keep, fail) => {
    resolve = keep;
    reject = fail;
  });
  return { promise, resolve, reject };
}

/** Waits for the event loop to come round once: timers that are due, sockets that are ready, immediates. */
export function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** Lets the event loop go round until something holds. The test's own time limit ends it when that never comes. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await turn();
  }
}

/**
 * Looks again and again until what is expected holds. It is no time limit of the test's: a machine that is busy gets most
 * of what a test may take, and the error of the last look then says what was missing.
 */
export function eventually<T>(look: () => T, { timeout = 25_000, interval = 5 } = {}): Promise<T> {
  return vi.waitFor(look, { timeout, interval });
}

/** Things that arrive one by one, and those who wait for them. */
export class Arrivals<T> {
  readonly #values: T[] = [];
  readonly #waiting: { resolve: (value: T) => void; reject: (error: unknown) => void }[] = [];
  #ended: Error | undefined;

  /** How many have arrived that nobody took. */
  get length(): number {
    return this.#values.length;
  }

  push(value: T): void {
    const first = this.#waiting.shift();
    if (first === undefined) {
      this.#values.push(value);
    } else {
      first.resolve(value);
    }
  }

  /** Nothing more comes: whoever waits is told. */
  end(reason: Error): void {
    this.#ended = reason;
    for (const { reject } of this.#waiting.splice(0)) {
      reject(reason);
    }
  }

  /** The next one, now or when it comes. */
  next(): Promise<T> {
    if (this.#values.length > 0) {
      return Promise.resolve(this.#values.shift() as T);
    }
    if (this.#ended !== undefined) {
      return Promise.reject(this.#ended);
    }
    return new Promise((resolve, reject) => void this.#waiting.push({ resolve, reject }));
  }

  /** Takes all that have arrived. */
  takeAll(): T[] {
    return this.#values.splice(0);
  }
}
