import { Histogram } from "../../runtime/bots/histogram.js";
import type { LoadFigures } from "./load.js";

/** Counts what a load generator sends and gets in a round, and the CPU time that it uses. */
export class Tally {
  /** Microseconds. */
  readonly #latency = new Histogram();
  #begin = 0;
  #cpuBefore = process.cpuUsage();
  #sent = 0;
  #answered = 0;
  #sentBytes = 0;
  #receivedBytes = 0;

  /** How many answers are still to come. */
  get unanswered(): number {
    return this.#sent - this.#answered;
  }

  /** Begins a round. */
  begin(): void {
    this.#latency.clear();
    this.#sent = 0;
    this.#answered = 0;
    this.#sentBytes = 0;
    this.#receivedBytes = 0;
    this.#cpuBefore = process.cpuUsage();
    this.#begin = performance.now();
  }

  /** So many answers are to come from now on, to bytes that were written. */
  sent(count: number, bytes: number): void {
    this.#sent += count;
    this.#sentBytes += bytes;
  }

  answered(count: number, bytes: number): void {
    this.#answered += count;
    this.#receivedBytes += bytes;
  }

  /** An answer came after so long. */
  took(ms: number): void {
    this.#latency.record(ms * 1_000);
  }

  /**
   * Ends the round.
   *
   * @throws Error when an answer has not come
   */
  end(): LoadFigures {
    const elapsedMs = performance.now() - this.#begin;
    const { user, system } = process.cpuUsage(this.#cpuBefore);
    if (this.unanswered !== 0) {
      throw new Error(`${this.#sent} answers were to come, ${this.#answered} came`);
    }
    const milliseconds = (share: number): number => this.#latency.percentile(share) / 1_000;
    return {
      messages: this.#answered,
      elapsedMs,
      cpuMicros: user + system,
      sentBytes: this.#sentBytes,
      receivedBytes: this.#receivedBytes,
      latencyMs: {
        p50: milliseconds(0.5),
        p99: milliseconds(0.99),
        p999: milliseconds(0.999),
        most: this.#latency.greatest / 1_000,
      },
    };
  }
}
