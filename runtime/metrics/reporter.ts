import type { Awaitable } from "../base/awaitable.js";
import type { Clock } from "../base/clock.js";
import type { Logger } from "../base/logger.js";
import type { MetricReading } from "./metric.js";

/** Whether a server is worth keeping, and whether clients may be sent there. */
export interface Health {
  /** Whether the process is worth keeping. */
  readonly live: boolean;
  /** Whether clients may be sent here: it runs, and is not about to stop. */
  readonly ready: boolean;
}

/** What a {@link Reporter} reads. */
export interface ReporterHost {
  /** Where it says what fails. */
  readonly logger: Logger;
  /** Time. */
  readonly clock: Clock;
  /**
   * Every metric, as it stands: the server's own, then the program's. It costs time for each series, and none for messages: to be called when somebody asks, or every few
   * seconds.
   */
  read(): readonly MetricReading[];
  /** Whether the server lives, and is ready. */
  health(): Health;
}

/**
 * Tells somebody what the metrics of a server are: counters, gauges and histograms. It reads them when it wants to, and is not called for messages. One that tells every
 * few seconds extends {@link PeriodicReporter}.
 */
export interface Reporter {
  /** What it is, for logs: `statsd`. */
  readonly name: string;
  /** The server starts: called before anything else of it is begun. What it throws stops the start. */
  start(host: ReporterHost): Awaitable<void>;
  /** The server has stopped: nothing else of it is left. Called, too, where its own start has failed. */
  stop(): Awaitable<void>;
}
