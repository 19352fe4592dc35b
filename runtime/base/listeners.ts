import type { Logger } from "./logger.js";

/**
 * Functions to call when something happens. One that throws, or whose promise is rejected, is logged, and does not keep
 * the others from being called.
 *
 * @typeParam T what they are told
 */
export class Listeners<T> {
  #listeners: ((value: T) => void)[] = [];

  /** How many there are. */
  get size(): number {
    return this.#listeners.length;
  }

  /** Adds one; the same function added twice is called twice. Returns what removes it. */
  add(listener: (value: T) => void): () => void {
    const entry = (value: T) => listener(value);
    // The list is replaced, never changed: one that is being called goes on as it was.
    this.#listeners = [...this.#listeners, entry];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== entry);
    };
  }

  /** Calls each, in the order they were added. */
  call(value: T, logger: Logger): void {
    for (const listener of this.#listeners) {
      try {
        const result = listener(value) as Partial<Promise<void>> | void;
        result?.then?.(undefined, (error: unknown) => logger.error({ error }, failed));
      } catch (error) {
        logger.error({ error }, failed);
      }
    }
  }

  /** Removes all. */
  clear(): void {
    this.#listeners = [];
  }
}

const failed = "a listener failed";
