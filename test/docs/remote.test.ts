import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import type { RemoteCaller } from "../../runtime/component/remote-caller.js";
import type { Server } from "../../runtime/server/server.js";
import { LedgerRemoteClient } from "../generator/scenarios/ledger/expected/generated/bank/v1/ledger.server.js";
import { eventually } from "../support/wait.js";
import { PageProgram } from "./support/page-program.js";
import { printedLines } from "./support/running-program.js";

const page = new PageProgram("docs/remote.md");
const text = readFileSync(new URL("../../docs/remote.md", import.meta.url), "utf8");

test("each program is run here", () => {
  expect(page.count).toBe(3);
});

test("the .proto is the one that the code was generated from", () => {
  const [, shown = ""] = /^```proto\n\/\/ .*\n([\s\S]*?)^```$/m.exec(text) ?? [];
  const file = new URL("../generator/scenarios/ledger/proto/bank/v1/ledger.proto", import.meta.url);
  expect(readFileSync(file, "utf8").startsWith(shown)).toBe(true);
});

test("a shop adds to accounts on the nodes of a bank, and asks all of them", async () => {
  const printed = printedLines();
  const { nodes } = await page.run<{ nodes: readonly Server[] }>("MemoryNetwork()", ["nodes"]);
  onTestFinished(async () => {
    for (const node of nodes) {
      await node.stop();
    }
  });
  await eventually(() => expect(printed).toHaveLength(4));
  expect(printed.map(String).toSorted()).toEqual(
    ["{ cents: 500n }", "{ cents: 750n }", "750n", "shop: ada was here (r-7)"].toSorted(),
  );
  const ledger = new LedgerRemoteClient(nodes[2]?.cluster as RemoteCaller);
  const refused = ledger.add({ account: "ada", cents: 5_000n });
  await expect(refused).rejects.toMatchObject({ code: "too_much", details: { account: "ada" } });
  // One node has the account, whoever asks.
  const answered = nodes.slice(0, 2).map(({ counters }) => counters.remote.answered.calls);
  expect(answered.toSorted()).toEqual([1, 4]);
});

test("the page's test passes", async () => {
  const tests = await page.tests("startTestServer({ components");
  expect(tests.map(({ name }) => name)).toEqual(["nobody adds more than the audit allows"]);
  for (const { run } of tests) {
    await run();
  }
});
