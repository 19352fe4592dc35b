// A hot file: `record` is called for every answer, by bots and by the benchmarks' load generator. Nothing is allocated in it.

/** Each power of two is cut into so many buckets: a value is told to within 1/128 of itself. */
const bucketsPerOctave = 64;
const octaveShift = 6;

/** The greatest value that has a bucket of its own; greater ones are counted as this. */
const greatestValue = 0x7fffffff;

/** What a histogram holds, for another process: of the buckets those in which there is something. */
export interface HistogramSnapshot {
  readonly sum: number;
  readonly greatest: number;
  /** A bucket and its count, the next bucket and its count. */
  readonly buckets: readonly number[];
}

/**
 * A histogram with a high dynamic range, as Gil Tene's HdrHistogram: it counts integers from 0 to 2^31-1 in buckets that grow with the value, one for each value below 128, then
 * 64 for each power of two. Whatever the value, it is told to within 1/128 of itself; and several can be added up without loss.
 */
export class Histogram {
  readonly #counts = new Float64Array(bucketOf(greatestValue) + 1);
  #count = 0;
  #sum = 0;
  #greatest = 0;

  /** How many values were recorded. */
  get count(): number {
    return this.#count;
  }

  /** The greatest value recorded, exactly; 0 when there is none. */
  get greatest(): number {
    return this.#greatest;
  }

  /** The mean of the values, as they were counted; 0 when there is none. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  /** Counts a value; it is cut to an integer, and to the range. */
  record(value: number): void {
    const integer = value >= greatestValue ? greatestValue : value > 0 ? value | 0 : 0;
    const bucket = bucketOf(integer);
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#count++;
    this.#sum += integer;
    if (integer > this.#greatest) {
      this.#greatest = integer;
    }
  }

  /**
   * The value that `share` of all recorded values do not exceed: the middle of its bucket, and never more than the
   * greatest value recorded. 0 when nothing was recorded.
   *
   * @param share from 0 to 1: 0.99 for the 99th percentile
   */
  percentile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      seen += this.#counts[bucket] as number;
      if (seen >= rank) {
        return Math.min(middleOf(bucket), this.#greatest);
      }
    }
    return 0;
  }

  /** What it holds. */
  snapshot(): HistogramSnapshot {
    const buckets: number[] = [];
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      const count = this.#counts[bucket] as number;
      if (count > 0) {
        buckets.push(bucket, count);
      }
    }
    return { sum: this.#sum, greatest: this.#greatest, buckets };
  }

  /** Counts what another has counted. */
  add({ sum, greatest, buckets }: HistogramSnapshot): void {
    for (let index = 0; index < buckets.length; index += 2) {
      const bucket = buckets[index] as number;
      const count = buckets[index + 1] as number;
      this.#counts[bucket] = (this.#counts[bucket] as number) + count;
      this.#count += count;
    }
    this.#sum += sum;
    this.#greatest = Math.max(this.#greatest, greatest);
  }

  /** Forgets what was recorded. */
  clear(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#sum = 0;
    this.#greatest = 0;
  }
}

function bucketOf(value: number): number {
  if (value < 2 * bucketsPerOctave) {
    return value;
  }
  const shift = 31 - Math.clz32(value) - octaveShift;
  return shift * bucketsPerOctave + (value >>> shift);
}

function middleOf(bucket: number): number {
  if (bucket < 2 * bucketsPerOctave) {
    return bucket;
  }
  const shift = Math.floor(bucket / bucketsPerOctave) - 1;
  return (bucket - shift * bucketsPerOctave + 0.5) * 2 ** shift;
}
