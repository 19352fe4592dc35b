import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { resolveNatsOptions } from "../../runtime/cluster/nats/nats-options.js";
import { joinNode, startNats } from "../cluster/nats/support/joined-node.js";
import { done, jobOf, TestWorker } from "../cluster/support/job-contract.js";
import { until } from "../support/wait.js";
import { expectNumbers } from "./support/option-table.js";
import { PageProgram } from "./support/page-program.js";
import { runServer } from "./support/running-program.js";

const file = "docs/cluster-nats.md";
const page = new PageProgram(file);
const text = readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), "utf8");

test("the program is a node of the cluster", async () => {
  vi.spyOn(console, "info").mockImplementation(() => {});
  const nats = await startNats();
  await runServer(page, "gate-1", [], { instead: { "nats://127.0.0.1:4222": nats.url } });
  const { host } = await joinNode("room-1", { servers: nats.url });
  expect(host.ids).toEqual(["gate-1"]);
  vi.restoreAllMocks();
});

test("a user that may do what the page says can take part", async () => {
  const [, config = ""] = /^```conf\n([\s\S]*?)^```$/m.exec(text) ?? [];
  const nats = await startNats({ config });
  const user = { servers: nats.url, cluster: "game", user: "game", password: "secret" };
  const a = await joinNode("a", user);
  const b = await joinNode("b", user);
  await until(() => a.host.nodes.has("b"));
  a.driver.send("b", new Uint8Array([0x61]));
  await until(() => b.host.frames.length === 1);
  const worker = new TestWorker();
  b.driver.jobs?.take(["Ledger"], worker);
  await a.driver.jobs?.add(jobOf("j"));
  (await worker.taken.next()).resolve({ outcome: "again", afterMs: 1 });
  const again = await worker.taken.next();
  expect(again).toMatchObject({ job: { id: "j" }, attempt: 2 });
  again.resolve(done);
  await b.driver.jobs?.stop();
  expect([...a.host.logger.lines, ...b.host.logger.lines]).toEqual([]);
});

test("the numbers of the options are those of the code", () => {
  const names = [
    "heartbeatMs",
    "memberTtlMs",
    "probeMs",
    "startTimeoutMs",
    "connectTimeoutMs",
    "maxBufferedBytes",
    "jobKeepMs",
    "jobSilenceMs",
  ];
  expectNumbers(text, names, (given) =>
    resolveNatsOptions({ ...("memberTtlMs" in given ? { heartbeatMs: 50 } : {}), ...given }),
  );
});

test("every option is in the table", () => {
  const cells = text.split("\n").flatMap((line) => (line.startsWith("| `") ? [line.split("|")[1] ?? ""] : []));
  const named = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  const known = /there are (.*)$/.exec(String(catchError(() => resolveNatsOptions({ serverz: "" } as object)))) ?? [];
  expect([...named].sort()).toEqual(known[1]?.split(", ").sort());
});

function catchError(task: () => unknown): unknown {
  try {
    return task();
  } catch (error) {
    return error;
  }
}
