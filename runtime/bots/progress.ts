import type { Latency } from "./latency.js";

/** How a run stands. */
export interface BotsProgress {
  /** Milliseconds since it began. */
  readonly elapsedMs: number;
  /** How many bots there are to be. */
  readonly bots: number;
  /** How many have begun. */
  readonly begun: number;
  /** How many of these are not done. */
  readonly active: number;
  /** Connections, requests and notifies so far. */
  readonly calls: number;
  /** The same, a second, since the last time that this was told. */
  readonly callsPerSecond: number;
  /** Errors so far. */
  readonly errors: number;
  /** How long requests took that were answered since the last time; undefined when none was. */
  readonly latency: Latency | undefined;
}
