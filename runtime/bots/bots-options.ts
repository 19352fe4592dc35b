import { assertMethods, assertOptions } from "../base/assert-options.js";
import { type Clock, systemClock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import type { Dial } from "../client/index.js";
import { type Duration, parseDuration } from "./duration.js";
import type { BotsProgress } from "./progress.js";
import { defineScenario, type Scenario } from "./scenario.js";
import { parseThreshold, type Threshold } from "./threshold.js";

/** What {@link runBots} is told. */
export interface BotsOptions {
  /**
   * What the bots do: a scenario, or the path or URL of a module of JavaScript whose default export is one. Several processes want a module: a function cannot be sent to them.
   */
  readonly scenario: Scenario | string | URL;
  /** Where they connect to, as `connect` takes it: `ws://127.0.0.1:3250`, `tcp://…`; in one process also a function that connects by itself. */
  readonly url: string | Dial;
  /** How many bots, 1 to 1,000,000. Default: 1. */
  readonly bots?: number;
  /** Within how long they begin, one after the other in even steps. Default: all at once. */
  readonly ramp?: Duration;
  /** How long it goes on behind the ramp. Default: until every bot is done. */
  readonly for?: Duration;
  /** How long bots have to come to their end when the time is over. What they still do then is cut off, and counted as unfinished. Default: 5 seconds. */
  readonly grace?: Duration;
  /** In how many processes, 1 to 256. Default: 1, which is this one. */
  readonly processes?: number;
  /** What is asked of the run, as `Room.Join p99<50ms`; at most 100. docs/bots.md tells the grammar. Default: `errors<=0`. */
  readonly thresholds?: readonly string[];
  /** What the bots' chances come from, an integer from 0 to 4,294,967,295. Default: 0. */
  readonly seed?: number;
  /** Ends the run before its time, as the time does. Default: nothing does. */
  readonly signal?: AbortSignal;
  /** Told every second how it stands. Default: nobody is. */
  readonly onProgress?: (progress: BotsProgress) => void;
  /** Time, in one process; a test hands in its own. Default: the machine's. */
  readonly clock?: Clock;
}

/** The options with every default filled in. */
export interface BotsSettings {
  readonly scenario: Scenario | string | URL;
  readonly url: string | Dial;
  readonly bots: number;
  readonly rampMs: number;
  readonly forMs: number | undefined;
  readonly graceMs: number;
  readonly processes: number;
  readonly thresholds: readonly Threshold[];
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (progress: BotsProgress) => void;
  readonly clock: Clock;
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws NanowireError `invalid_option`
 */
export function resolveBotsOptions(options: BotsOptions): BotsSettings {
  assertOptions("", options, {
    scenario: "checked",
    url: "checked",
    bots: "checked",
    ramp: "string",
    for: "string",
    grace: "string",
    processes: "checked",
    thresholds: "array",
    seed: "checked",
    signal: "object",
    onProgress: "function",
    clock: "object",
  });
  const { scenario, url, bots = 1, ramp = "0ms", grace = "5s", processes = 1, thresholds = ["errors<=0"] } = options;
  const { seed = 0, signal, onProgress = () => {}, clock = systemClock } = options;
  assertInteger("bots", bots, 1, 1_000_000);
  assertInteger("processes", processes, 1, 256);
  assertInteger("seed", seed, 0, 0xffffffff);
  assertMethods("clock", clock, ["now", "steady", "after", "every"]);
  if (thresholds.length > 100) {
    throw new NanowireError("invalid_option", `${thresholds.length} thresholds are more than 100`);
  }
  const isModule = typeof scenario === "string" || scenario instanceof URL;
  if (!isModule) {
    defineScenario(scenario);
  }
  if (typeof url !== "function" && (typeof url !== "string" || !/^[a-z+]+:\/\/./i.test(url))) {
    throw new NanowireError("invalid_option", `url ${String(url)} is no URL: write one as ws://127.0.0.1:3250`);
  }
  if (processes > bots) {
    throw new NanowireError("invalid_option", `processes ${processes} is more than bots ${bots}`);
  }
  if (processes > 1) {
    assertForProcesses({ isModule, hasDial: typeof url === "function", hasClock: clock !== systemClock });
  }
  return {
    scenario,
    url,
    bots,
    rampMs: parseDuration("ramp", ramp),
    forMs: options.for === undefined ? undefined : parseDuration("for", options.for, 1),
    graceMs: parseDuration("grace", grace),
    processes,
    thresholds: thresholds.map(parseThreshold),
    seed,
    signal,
    onProgress,
    clock,
  };
}

function assertForProcesses(given: {
  readonly isModule: boolean;
  readonly hasDial: boolean;
  readonly hasClock: boolean;
}): void {
  const { isModule, hasDial, hasClock } = given;
  const what = isModule
    ? hasDial
      ? "url that is a function"
      : hasClock
        ? "clock"
        : undefined
    : "scenario as an object";
  if (what !== undefined) {
    throw new NanowireError("invalid_option", `a ${what} cannot be sent to other processes: leave processes at 1`);
  }
}

function assertInteger(name: string, value: unknown, least: number, most: number): void {
  if (!(Number.isInteger(value) && (value as number) >= least && (value as number) <= most)) {
    throw new NanowireError("invalid_option", `${name} ${String(value)} is not an integer from ${least} to ${most}`);
  }
}
