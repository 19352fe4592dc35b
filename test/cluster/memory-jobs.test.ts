import { expect, it } from "vitest";
import type { JobQueue } from "../../runtime/cluster/job-queue.js";
import { MemoryNetwork } from "../../runtime/cluster/memory-network.js";
import { SteppedClock } from "../support/clock.js";
import { turn } from "../support/wait.js";
import { describeJobs, done, jobOf, TestWorker } from "./support/job-contract.js";
import { nodeInfo, WatchingHost } from "./support/watching-host.js";

describeJobs("memory", async () => {
  const network = new MemoryNetwork();
  return { driver: () => network.driver(), close: async () => {}, failed: async () => network.failedJobs };
});

class SteppedHost extends WatchingHost {
  override readonly clock = new SteppedClock();
}

async function nodes(...ids: string[]) {
  const network = new MemoryNetwork();
  const host = new SteppedHost();
  const queues = [];
  for (const id of ids) {
    const driver = network.driver();
    await driver.join(nodeInfo(id), host);
    queues.push(driver.jobs as JobQueue);
  }
  return { network, clock: host.clock, queues };
}

it("hands out anew what a node had that is gone, and hears no verdict of it any more", async () => {
  const { network, queues } = await nodes("a", "b");
  const [lost, other] = [new TestWorker(), new TestWorker()];
  queues[0]?.take(["Ledger"], lost);
  await queues[0]?.add(jobOf("j"));
  const first = await lost.taken.next();
  queues[1]?.take(["Ledger"], other);
  network.kill("a");
  const second = await other.taken.next();
  expect(second).toMatchObject({ job: jobOf("j"), attempt: 2 });
  first.resolve(done);
  await turn();
  second.resolve({ outcome: "again", afterMs: 0 });
  expect((await other.taken.next()).attempt).toBe(3);
});

it("waits out a pause, and knows an id for two minutes", async () => {
  const { clock, queues } = await nodes("a");
  const [queue] = queues as [JobQueue];
  const worker = new TestWorker();
  queue.take(["Ledger"], worker);
  await queue.add(jobOf("j"));
  (await worker.taken.next()).resolve({ outcome: "again", afterMs: 60_000 });
  await turn();
  clock.step(59_999);
  await turn();
  expect(worker.taken.length).toBe(0);
  clock.step(1);
  (await worker.taken.next()).resolve(done);
  expect(await queue.add(jobOf("j"))).toBe(false);
  clock.step(60_000);
  expect(await queue.add(jobOf("j"))).toBe(true);
});
