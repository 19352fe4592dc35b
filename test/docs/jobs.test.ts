import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { resolveJobOptions } from "../../runtime/cluster/job-settings.js";
import type { Server } from "../../runtime/server/server.js";
import { eventually } from "../support/wait.js";
import { expectNumbers } from "./support/option-table.js";
import { PageProgram } from "./support/page-program.js";
import { printedLines } from "./support/running-program.js";

const page = new PageProgram("docs/jobs.md");
const text = readFileSync(new URL("../../docs/jobs.md", import.meta.url), "utf8");

test("each program is run here", () => {
  expect(page.count).toBe(1);
});

test("the .proto is the one that the code was generated from", () => {
  const [, shown = ""] = /^```proto\n\/\/ .*\n([\s\S]*?)^```$/m.exec(text) ?? [];
  const file = new URL("../generator/scenarios/jobs/proto/post/v1/post.proto", import.meta.url);
  expect(readFileSync(file, "utf8").startsWith(shown)).toBe(true);
  expect(shown).toContain("reliable = true");
});

test("the numbers of the options are those of the code", () => {
  expectNumbers(text, ["maxAtOnce", "maxAttempts", "maxRetryMs"], (given) =>
    resolveJobOptions({ ...("maxRetryMs" in given ? { retryMs: 0 } : {}), ...given }),
  );
  expect(resolveJobOptions().retryMs).toBe(1_000);
});

test("a letter is kept until there is a post, and sent at the second attempt", async () => {
  const printed = printedLines();
  const { shop, post } = await page.run<{ shop: Server; post: Server }>("PostRemoteJobs(", ["shop", "post"]);
  onTestFinished(async () => {
    await shop.stop();
    await post.stop();
  });
  await eventually(() => expect(printed).toHaveLength(3));
  expect(printed.map(String)).toEqual([
    "order-1007 is kept",
    "{ id: 'order-1007', duplicate: true }",
    "to ada: your parcel is on its way (attempt 2)",
  ]);
  await eventually(() => expect(post.counters.remote.jobs).toMatchObject({ again: 1, done: 1, pending: 0 }));
});
