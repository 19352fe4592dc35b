import { assertFunction, assertOptions } from "../base/assert-options.js";
import type { Awaitable } from "../base/awaitable.js";
import { NanowireError } from "../base/error.js";
import type { Bot } from "./bot.js";

/** What a bot does. */
export interface Scenario {
  /** What it is called in the report: 1 to 100 characters. */
  readonly name: string;
  /**
   * Called once for each bot. When it returns the bot has done what it was to do; when it throws the bot has failed, and that is counted. Its connections are closed then.
   */
  readonly run: (bot: Bot) => Awaitable<void>;
}

/**
 * Makes a scenario: what a file for `nanowire bots` exports as its default.
 *
 * @throws NanowireError `invalid_option`
 */
export function defineScenario(scenario: Scenario): Scenario {
  assertOptions("scenario", scenario, { name: "string", run: "function" });
  const { name, run } = scenario;
  if (typeof name !== "string" || name === "" || name.length > 100) {
    throw new NanowireError("invalid_option", `scenario.name ${String(name)} is not a text of 1 to 100 characters`);
  }
  assertFunction("scenario.run", run);
  return scenario;
}
