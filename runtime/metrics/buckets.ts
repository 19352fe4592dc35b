// A hot file: asked for messages. No closure, no array and no string a value.

/**
 * The ranges that times are counted in, in seconds, where nothing else is said: from a tenth of a millisecond, which most handlers do not take, to the ten seconds
 * that nobody waits.
 */
export const defaultBounds: readonly number[] = [
  0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** How many values fell into each of several ranges. */
export class Buckets {
  /** The upper bounds of the ranges, each included in its own, in their order. */
  readonly bounds: readonly number[];
  sum = 0;
  readonly #counts: Float64Array;

  constructor(bounds: readonly number[] = defaultBounds) {
    this.bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  /**
   * Counts a value.
   *
   * @param weight how many values it stands for
   */
  observe(value: number, weight = 1): void {
    const { bounds } = this;
    let range = 0;
    // Most values lie in the first ranges: a search that halves would take longer.
    while (range < bounds.length && value > (bounds[range] as number)) {
      range++;
    }
    this.#counts[range] = (this.#counts[range] as number) + weight;
    this.sum += value * weight;
  }

  /** How many fell into each range. The array is the caller's. */
  get counts(): number[] {
    return [...this.#counts];
  }
}
