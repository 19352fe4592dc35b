import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NanowireError } from "../../../runtime/base/error.js";
import type { Job, JobQueue, JobVerdict, JobWorker, TakenJob } from "../../../runtime/cluster/job-queue.js";
import { Arrivals, type Deferred, defer, until } from "../../support/wait.js";
import type { DriverCluster } from "./driver-contract.js";
import { nodeInfo, WatchingHost } from "./watching-host.js";

/** A cluster whose drivers keep jobs. */
export interface JobCluster extends DriverCluster {
  /** What was set aside. */
  failed(): Promise<readonly Job[]>;
}

export const done: JobVerdict = { outcome: "done" };

/** Works on jobs as a test tells it. */
export class TestWorker implements JobWorker {
  readonly maxAtOnce: number;
  /** What it was handed, each to be given its verdict. */
  readonly taken = new Arrivals<TakenJob & Deferred<JobVerdict>>();
  working = 0;
  most = 0;

  constructor(maxAtOnce = 16) {
    this.maxAtOnce = maxAtOnce;
  }

  async work(taken: TakenJob): Promise<JobVerdict> {
    const verdict = defer<JobVerdict>();
    this.working++;
    this.most = Math.max(this.most, this.working);
    this.taken.push({ ...taken, ...verdict });
    try {
      return await verdict.promise;
    } finally {
      this.working--;
    }
  }
}

export function jobOf(id: string, more: Partial<Job> = {}): Job {
  return {
    id,
    service: "Ledger",
    route: "Ledger.Add",
    payload: Uint8Array.of(1, 0, 255),
    metadata: {},
    enqueuedBy: "a",
    enqueuedAtMs: 1_700_000_000_123,
    maxAttempts: 3,
    ...more,
  };
}

/** What holds for every driver that keeps jobs. */
export function describeJobs(name: string, start: () => Promise<JobCluster>): void {
  describe(`jobs: ${name}`, () => {
    let cluster: JobCluster;
    let leaves: (() => Promise<void>)[];

    beforeEach(async () => {
      leaves = [];
      cluster = await start();
    });

    afterEach(async () => {
      await Promise.all(leaves.map((leave) => leave()));
      await cluster.close();
    });

    async function join(id: string): Promise<JobQueue> {
      const driver = cluster.driver();
      await driver.join(nodeInfo(id), new WatchingHost());
      leaves.push(() => driver.leave());
      return driver.jobs as JobQueue;
    }

    it("hands a job out, all of it, and is done with it", async () => {
      const [a, b] = [await join("a"), await join("b")];
      const worker = new TestWorker();
      b.take(["Ledger"], worker);
      const job = jobOf("j-1", {
        payload: new Uint8Array(100_000).fill(7),
        metadata: { trace: "t-1", "ä key": "text\r\nof any kind", "": "" },
        maxAttempts: 1_000_000,
        context: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
      });
      expect(await a.add(job)).toBe(true);
      const first = await worker.taken.next();
      expect(first).toMatchObject({ job, attempt: 1 });
      first.resolve(done);
      await a.add(jobOf("j-2"));
      expect((await worker.taken.next()).job.id).toBe("j-2");
      expect(worker.taken.length).toBe(0);
    });

    it("keeps jobs until somebody takes those of their service", async () => {
      const a = await join("a");
      for (const id of ["1", "2", "3"]) {
        await a.add(jobOf(id));
        await a.add(jobOf(id, { service: "Audit", route: "Audit.Check" }));
      }
      const worker = new TestWorker();
      const b = await join("b");
      b.take(["Ledger", "Mail.Box"], worker);
      const ids = [];
      for (let count = 0; count < 3; count++) {
        const { job, resolve } = await worker.taken.next();
        ids.push(`${job.service} ${job.id}`);
        resolve(done);
      }
      await a.add(jobOf("4", { service: "Mail.Box", route: "Mail.Box.Send" }));
      ids.push((await worker.taken.next()).job.service);
      expect(ids).toEqual(["Ledger 1", "Ledger 2", "Ledger 3", "Mail.Box"]);
    });

    it("keeps one of each route and id", async () => {
      const [a, b] = [await join("a"), await join("b")];
      expect(await a.add(jobOf("same"))).toBe(true);
      expect(await a.add(jobOf("same"))).toBe(false);
      expect(await b.add(jobOf("same", { payload: new Uint8Array() }))).toBe(false);
      expect(await b.add(jobOf("same", { route: "Ledger.Note" }))).toBe(true);
      const worker = new TestWorker();
      b.take(["Ledger"], worker);
      const [one, other] = [await worker.taken.next(), await worker.taken.next()];
      expect([one.job.route, other.job.route]).toEqual(["Ledger.Add", "Ledger.Note"]);
      one.resolve(done);
      other.resolve(done);
      // It is done, and known still.
      expect(await a.add(jobOf("same"))).toBe(false);
    });

    it("hands a job out again when it is to be, and counts", async () => {
      const [a, b] = [await join("a"), await join("b")];
      const worker = new TestWorker();
      b.take(["Ledger"], worker);
      await a.add(jobOf("j"));
      for (const attempt of [1, 2, 3]) {
        const taken = await worker.taken.next();
        expect(taken).toMatchObject({ job: jobOf("j"), attempt });
        taken.resolve(attempt < 3 ? { outcome: "again", afterMs: attempt === 1 ? 0 : 20 } : done);
      }
      await a.add(jobOf("next"));
      expect((await worker.taken.next()).job.id).toBe("next");
    });

    it("sets aside what failed for good", async () => {
      const a = await join("a");
      const worker = new TestWorker();
      a.take(["Ledger"], worker);
      await a.add(jobOf("bad"));
      const error = new NanowireError("no_such_account", "there is no ädä\r\nInjected: yes");
      (await worker.taken.next()).resolve({ outcome: "failed", error });
      await a.add(jobOf("good"));
      const { job, resolve } = await worker.taken.next();
      expect(job.id).toBe("good");
      resolve(done);
      await expect.poll(() => cluster.failed(), { timeout: 20_000 }).toEqual([jobOf("bad")]);
    });

    it("hands a node no more at once than it takes", async () => {
      const a = await join("a");
      const worker = new TestWorker(3);
      a.take(["Ledger"], worker);
      const ids = Array.from({ length: 20 }, (_, index) => String(index));
      for (const id of ids) {
        await a.add(jobOf(id));
      }
      const seen: string[] = [];
      for (let count = 0; count < 20; count++) {
        const { job, resolve } = await worker.taken.next();
        seen.push(job.id);
        await until(() => worker.working === Math.min(3, 20 - count));
        resolve(done);
      }
      expect(seen.sort()).toEqual(ids.sort());
      expect(worker.most).toBe(3);
    });

    it("shares them among nodes", async () => {
      const queues = [await join("a"), await join("b")];
      const workers = queues.map((queue) => {
        const worker = new TestWorker(1);
        queue.take(["Ledger"], worker);
        return worker;
      });
      for (let id = 0; id < 2; id++) {
        await queues[0]?.add(jobOf(String(id)));
      }
      // Each is at work on one, so that the other one's is not its own.
      const taken = await Promise.all(workers.map((worker) => worker.taken.next()));
      expect(taken.map(({ job }) => job.id).sort()).toEqual(["0", "1"]);
    });

    it("hands out no more once it is stopped, and waits for what is under way", async () => {
      const [a, b] = [await join("a"), await join("b")];
      const worker = new TestWorker();
      a.take(["Ledger"], worker);
      await a.add(jobOf("first"));
      const first = await worker.taken.next();
      let stopped = false;
      const stopping = a.stop().then(() => {
        stopped = true;
      });
      await b.add(jobOf("second"));
      const other = new TestWorker();
      b.take(["Ledger"], other);
      expect((await other.taken.next()).job.id).toBe("second");
      expect([stopped, worker.taken.length]).toEqual([false, 0]);
      first.resolve({ outcome: "again", afterMs: 0 });
      await stopping;
      expect(await other.taken.next()).toMatchObject({ job: { id: "first" }, attempt: 2 });
    });

    it("takes up again after a stop", async () => {
      const a = await join("a");
      a.take(["Ledger"], new TestWorker());
      await a.stop();
      await a.stop();
      const worker = new TestWorker();
      a.take(["Ledger"], worker);
      await a.add(jobOf("later"));
      expect((await worker.taken.next()).job.id).toBe("later");
    });
  });
}
