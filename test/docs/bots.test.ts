import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { botsTable, flagUsage } from "../../generator/read/option-table.js";
import { resolveBotsOptions } from "../../runtime/bots/bots-options.js";
import type { BotsReport } from "../../runtime/bots/report.js";
import { PageProgram } from "./support/page-program.js";

const page = readFileSync(new URL("../../docs/bots.md", import.meta.url), "utf8");

test("the test of a server with 20 bots passes as it stands there, with the scenario of the page", async () => {
  const { report } = await new PageProgram("docs/bots.md").run<{ report: BotsReport }>("import chat", ["report"]);
  expect(report).toMatchObject({ scenario: "chat", bots: { planned: 20, begun: 20 }, total: { errors: 0 } });
  const heard = report.rows.find(({ name }) => name === "say, and hear it");
  expect(heard).toMatchObject({ loop: "open", errorCount: 0 });
  expect(heard?.count).toBeGreaterThan(0);
});

test("the flags are those of the command", () => {
  const [, section = ""] = page.split(/^## The command$/m);
  const told = [...section.matchAll(/`(--[a-z]+)(?: [A-Z]+)?`/g)].map(([, flag]) => flag);
  const flags = Object.entries(botsTable).map(([name, row]) => flagUsage(name, row).split(" ")[0]);
  expect([...new Set(told)].sort()).toEqual(flags.filter((flag) => flag !== "--help").sort());
});

test("the defaults are those that are filled in", () => {
  const scenario = { name: "x", run: () => {} };
  expect(resolveBotsOptions({ scenario, url: "ws://127.0.0.1:3250" })).toMatchObject({
    bots: 1,
    rampMs: 0,
    forMs: undefined,
    graceMs: 5_000,
    processes: 1,
    seed: 0,
    thresholds: [{ text: "errors<=0" }],
  });
});
