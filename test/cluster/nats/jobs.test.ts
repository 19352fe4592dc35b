import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { nats } from "nanowire/nats";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { NanowireError } from "../../../runtime/base/error.js";
import { silentLogger } from "../../../runtime/base/logger.js";
import type { JobQueue } from "../../../runtime/cluster/job-queue.js";
import { decodeJob, encodeJob } from "../../../runtime/cluster/job-record.js";
import type { NatsOptions } from "../../../runtime/cluster/nats/nats-options.js";
import type { RemoteCaller } from "../../../runtime/component/remote-caller.js";
import { createServer } from "../../../runtime/server/server.js";
import { PostRemoteJobs } from "../../generator/scenarios/jobs/expected/generated/post/v1/post.server.js";
import { bundledProgram } from "../../support/bundled-program.js";
import { until } from "../../support/wait.js";
import { describeJobs, done, jobOf, TestWorker } from "../support/job-contract.js";
import { nodeInfo, WatchingHost } from "../support/watching-host.js";
import { NatsServer } from "./support/nats-server.js";
import { type NodeProcess, startNode } from "./support/node-process.js";

const worker = bundledProgram("test/cluster/nats/support/worker-program.ts");

/** What a stream of JetStream holds. */
async function stored(url: string, subject: string) {
  const connection = await connect({ servers: url });
  try {
    const manager = await jetstreamManager(connection);
    const stream = await manager.streams.get("nanowire_jobs");
    const { state } = await stream.info();
    const messages = [];
    for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
      const message = await stream.getMessage({ seq });
      if (message?.subject.startsWith(subject) === true) {
        messages.push(message);
      }
    }
    return messages;
  } finally {
    await connection.close();
  }
}

describeJobs("nats", async () => {
  const server = await NatsServer.start();
  return {
    driver: () => nats({ servers: server.url }),
    close: () => server.close(),
    failed: async () => (await stored(server.url, "nanowire.job-failed.")).flatMap(({ data }) => decodeJob(data) ?? []),
  };
});

describe("jobs over NATS", () => {
  let server: NatsServer;

  beforeEach(async () => {
    server = await NatsServer.start({ config: "max_payload: 100000" });
  });

  afterEach(() => server.close());

  async function join(id: string, more: NatsOptions = {}): Promise<JobQueue> {
    const driver = nats({ servers: server.url, ...more });
    await driver.join(nodeInfo(id), new WatchingHost());
    onTestFinished(() => driver.leave());
    return driver.jobs as JobQueue;
  }

  it("outlive a NATS that is killed, and what is worked on meanwhile is not done twice", async () => {
    const [a, b] = [await join("a"), await join("b")];
    const worker = new TestWorker();
    b.take(["Ledger"], worker);
    await a.add(jobOf("under way"));
    const underWay = await worker.taken.next();
    for (const id of ["1", "2", "3"]) {
      await a.add(jobOf(id, { service: "Audit", route: "Audit.Check" }));
    }
    await server.stop();
    await expect.poll(() => a.add(jobOf("x")).catch(({ code }) => code), { timeout: 25_000 }).toBe("unavailable");
    underWay.resolve(done);
    await server.start();
    await expect.poll(() => a.add(jobOf("back")).catch(() => false), { timeout: 25_000 }).toBe(true);
    expect((await worker.taken.next()).job.id).toBe("back");
    const audit = new TestWorker();
    a.take(["Audit"], audit);
    const ids = [];
    for (let count = 0; count < 3; count++) {
      const { job, resolve } = await audit.taken.next();
      ids.push(job.id);
      resolve(done);
    }
    expect(ids).toEqual(["1", "2", "3"]);
    await expect
      .poll(async () => (await stored(server.url, "nanowire.job.")).map(({ data }) => decodeJob(data)?.id), {
        timeout: 25_000,
      })
      .toEqual(["back"]);
  });

  it("are no more at once because there is another connection", async () => {
    const a = await join("a");
    const worker = new TestWorker(1);
    a.take(["Ledger"], worker);
    await a.add(jobOf("first"));
    const first = await worker.taken.next();
    await server.stop();
    await expect.poll(() => a.add(jobOf("x")).catch(({ code }) => code), { timeout: 25_000 }).toBe("unavailable");
    await server.start();
    await expect.poll(() => a.add(jobOf("second")).catch(() => false), { timeout: 25_000 }).toBe(true);
    await a.add(jobOf("third", { service: "Audit" }));
    expect(worker.taken.length).toBe(0);
    first.resolve(done);
    expect((await worker.taken.next()).job.id).toBe("second");
    expect(worker.most).toBe(1);
  });

  it("go to another node when nothing is heard of them, and stay where they are while a node says that it is at it", async () => {
    const quick = { jobSilenceMs: 1_000, heartbeatMs: 100, memberTtlMs: 600 };
    const [silent, busy] = [nats({ servers: server.url, ...quick }), await join("busy", quick)];
    const silentHost = new WatchingHost();
    await silent.join(nodeInfo("silent"), silentHost);
    const [lost, other] = [new TestWorker(), new TestWorker()];
    silent.jobs?.take(["Ledger"], lost);
    await busy.add(jobOf("lost"));
    await lost.taken.next();
    // It leaves with the job in its hands: as a process that died, but for the list of members.
    await silent.leave();
    busy.take(["Ledger"], other);
    expect(await other.taken.next()).toMatchObject({ job: { id: "lost" }, attempt: 2 });
    // It says for so long that it is at it as three silences.
    const marks = new TestWorker();
    (await join("third", quick)).take(["Ledger", "Mark"], marks);
    for (let mark = 0; mark < 3; mark++) {
      await busy.add(jobOf(String(mark), { service: "Mark", route: "Mark.Time" }));
      const { resolve } = await marks.taken.next();
      resolve({ outcome: "again", afterMs: 1_000 });
      const again = await marks.taken.next();
      expect(again.attempt).toBe(2);
      again.resolve(done);
    }
    expect(other.taken.length).toBe(0);
  });

  it("are all done, though the process of a node that works on them is killed", async () => {
    const driver = nats({ servers: server.url });
    const caller = createServer({ components: [], listen: [], logger: silentLogger, cluster: { driver } });
    await caller.start();
    onTestFinished(() => caller.stop());
    const jobs = new PostRemoteJobs(caller.cluster as RemoteCaller);
    const workers = [await startNode(worker, "one", server.url, {}), await startNode(worker, "other", server.url, {})];
    const [first] = workers as [NodeProcess, NodeProcess];
    const ids = Array.from({ length: 300 }, (_, index) => `letter-${index}`);
    const enqueued = (async () => {
      for (const id of ids) {
        await jobs.send({ to: "ada", text: "" }, { id });
      }
    })();
    const doneBy = ({ lines }: NodeProcess) => lines.flatMap((line) => /^done (.*)$/.exec(line)?.[1] ?? []);
    await until(() => doneBy(first).length > 20);
    await first.kill();
    await enqueued;
    await until(() => new Set(workers.flatMap(doneBy)).size === ids.length);
    expect([...new Set(workers.flatMap(doneBy))].sort()).toEqual(ids.sort());
    // All but what was under way at the killed one is done once.
    expect(workers.flatMap(doneBy).length).toBeLessThanOrEqual(ids.length + 16);
    await expect.poll(() => stored(server.url, "nanowire.job."), { timeout: 25_000 }).toEqual([]);
  });

  it("are refused where NATS would not take them", async () => {
    const a = await join("a");
    const longest = jobOf("j".repeat(128), { route: `Ledger.${"R".repeat(248)}`, payload: new Uint8Array(97_000) });
    const left = 97_952 - encodeJob(longest).length;
    const ofLength = (bytes: number) => ({ ...longest, payload: new Uint8Array(97_000 + left + bytes) });
    await expect(a.add(ofLength(1))).rejects.toMatchObject({
      code: "message_too_large",
      message: `job ${longest.id} of ${longest.route} is 97953 bytes long, more than 97952, which is NATS's max_payload without the headers`,
    });
    expect(await a.add(ofLength(0))).toBe(true);
    const worker = new TestWorker();
    a.take(["Ledger"], worker);
    const { job, resolve } = await worker.taken.next();
    expect(job).toEqual(ofLength(0));
    resolve({ outcome: "failed", error: new NanowireError("c".repeat(5_000), "m".repeat(5_000)) });
    await expect.poll(() => stored(server.url, "nanowire.job-failed."), { timeout: 25_000 }).toHaveLength(1);
  });

  it("pass over what strangers put into the queue", async () => {
    const a = await join("a");
    await a.add(jobOf("first"));
    const connection = await connect({ servers: server.url });
    onTestFinished(() => connection.close());
    connection.publish("nanowire.job.Ledger", Uint8Array.of(10, 255));
    connection.publish("nanowire.job.Ledger", new Uint8Array());
    connection.publish("nanowire.job.Ledger", new TextEncoder().encode("no job at all"));
    await connection.flush();
    await a.add(jobOf("last"));
    const worker = new TestWorker();
    a.take(["Ledger"], worker);
    const ids = new Set<string>();
    while (!ids.has("last")) {
      const { job, resolve } = await worker.taken.next();
      ids.add(job.id);
      resolve(done);
    }
    expect(ids).toContain("first");
    await expect.poll(() => stored(server.url, "nanowire.job."), { timeout: 25_000 }).toEqual([]);
  });

  it("are taken on when somebody deleted the stream", async () => {
    const a = await join("a");
    const worker = new TestWorker();
    a.take(["Ledger"], worker);
    await a.add(jobOf("before"));
    (await worker.taken.next()).resolve(done);
    const connection = await connect({ servers: server.url });
    onTestFinished(() => connection.close());
    const manager = await jetstreamManager(connection);
    await manager.streams.delete("nanowire_jobs");
    await expect.poll(() => a.add(jobOf("after")).catch(() => false), { timeout: 25_000 }).toBe(true);
    await until(() => worker.taken.length > 0);
    expect((await worker.taken.next()).job.id).toBe("after");
  });
});
