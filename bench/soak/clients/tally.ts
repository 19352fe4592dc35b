import { Histogram } from "../../../runtime/bots/histogram.js";
import type { SoakReport } from "../soak.js";

/** How many of the broken promises are told in words. */
const told = 10;

/** What the clients of a process saw. */
export class Tally {
  asked = 0;
  answered = 0;
  lostWithConnection = 0;
  ticks = 0;
  cuts = 0;
  /** Microseconds. */
  readonly latency = new Histogram();
  readonly #broken: string[] = [];
  #brokenCount = 0;

  /** Something that no client should see. */
  broken(what: string): void {
    this.#brokenCount++;
    if (this.#broken.length < told) {
      this.#broken.push(what);
    }
  }

  report(): SoakReport {
    const { asked, answered, lostWithConnection, ticks, cuts, latency } = this;
    const ms = (micros: number): number => micros / 1_000;
    return {
      asked,
      answered,
      lostWithConnection,
      ticks,
      cuts,
      latencyMs: { p50: ms(latency.percentile(0.5)), p99: ms(latency.percentile(0.99)), most: ms(latency.greatest) },
      broken: this.#broken,
      brokenCount: this.#brokenCount,
    };
  }
}
