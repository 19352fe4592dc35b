import type { Awaitable } from "../base/awaitable.js";
import type { CancelTimer } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import type { MetricReading } from "./metric.js";
import type { Reporter, ReporterHost } from "./reporter.js";

/**
 * A reporter that tells all metrics every few seconds, and once more when the server has stopped.
 *
 * ```ts
 * class LogReporter extends PeriodicReporter {
 *   readonly name = "log";
 *   protected report(readings: readonly MetricReading[]): void { … }
 * }
 * ```
 */
export abstract class PeriodicReporter implements Reporter {
  /** What it is, for logs. */
  abstract readonly name: string;
  readonly #everyMs: number;
  #host: ReporterHost | undefined;
  #cancel: CancelTimer | undefined;
  #running: Promise<void> | undefined;
  #failing = false;

  /**
   * @param everyMs milliseconds from one report to the next. 100 to 3,600,000. Default: 10,000
   * @throws NanowireError `invalid_option`
   */
  constructor(everyMs = 10_000) {
    if (!(everyMs >= 100 && everyMs <= 3_600_000)) {
      throw new NanowireError("invalid_option", `everyMs ${String(everyMs)} is not a number from 100 to 3600000`);
    }
    this.#everyMs = everyMs;
  }

  /** Begins. What an heir does before comes before. */
  start(host: ReporterHost): Awaitable<void> {
    this.#host = host;
    this.#cancel = host.clock.every(this.#everyMs, () => void this.#tell(host));
  }

  /** Tells them once more, and ends. */
  async stop(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    await this.#running;
    if (this.#host !== undefined) {
      await this.#tell(this.#host);
    }
    this.#host = undefined;
  }

  /**
   * Tells them. What it throws is logged, when it begins to fail: the next is told all the same. While one is under way none is begun.
   *
   * @param readings every metric, as it stands
   */
  protected abstract report(readings: readonly MetricReading[]): Awaitable<void>;

  #tell(host: ReporterHost): Promise<void> {
    this.#running ??= this.#reported(host).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #reported({ logger, read }: ReporterHost): Promise<void> {
    try {
      await this.report(read());
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) {
        this.#failing = true;
        logger.error({ error, reporter: this.name }, "metrics could not be reported");
      }
    }
  }
}
