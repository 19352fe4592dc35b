import { expect, test } from "vitest";
import type { BotsOptions } from "../../runtime/bots/bots-options.js";
import { runBots } from "../../runtime/bots/run-bots.js";
import { runBotsProgram } from "../../runtime/bots/run-bots-program.js";
import { defineScenario } from "../../runtime/bots/scenario.js";

const scenario = defineScenario({ name: "nothing", run: () => {} });
const url = "ws://127.0.0.1:1";

test.each<[string, object, string]>([
  ["no URL", { url: "127.0.0.1:3250" }, "url 127.0.0.1:3250 is no URL: write one as ws://127.0.0.1:3250"],
  ["no bots", { bots: 0 }, "bots 0 is not an integer from 1 to 1000000"],
  ["a time without a unit", { ramp: "10" }, "ramp 10 is no time: write a number and its unit, as 250ms, 10s, 5m or 1h"],
  ["a unit that there is not", { for: "2d" }, "for 2d is no time: "],
  ["too long a time", { for: "25h" }, "for 25h is not a time from 1ms to 24h"],
  ["a name that there is not", { users: 5 }, "there is no option users; there are scenario, url, bots, "],
  ["more processes than bots", { processes: 2 }, "processes 2 is more than bots 1"],
  [
    "a function for other processes",
    { processes: 2, bots: 2 },
    "a scenario as an object cannot be sent to other processes",
  ],
  ["a threshold that cannot be read", { thresholds: ["fast"] }, "threshold fast cannot be read"],
  ["too many thresholds", { thresholds: Array(101).fill("errors<=0") }, "101 thresholds are more than 100"],
  ["a scenario without a name", { scenario: { name: "", run: () => {} } }, "scenario.name  is not a text of 1 to 100"],
  ["a scenario without anything to do", { scenario: { name: "x" } }, "scenario.run undefined is not a function"],
  ["a module that is not there", { scenario: "/nowhere/chat.js" }, "scenario /nowhere/chat.js cannot be loaded: "],
  [
    "a module that exports no scenario",
    { scenario: new URL("data:text/javascript,export default 7") },
    "exports none as its default: write `export default defineScenario({ name, run })`",
  ],
])("nothing is tried with %s", async (_, options, message) => {
  const given = { scenario, url, ...options } as BotsOptions;
  await expect(runBots(given)).rejects.toMatchObject({ code: "invalid_option" });
  const lines: string[] = [];
  const output = { write: (text: string) => lines.push(text) };
  expect(await runBotsProgram({ ...given, process: { stdout: output, stderr: output } })).toBe(2);
  expect(lines.join("")).toContain(message);
});
