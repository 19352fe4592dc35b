import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import type { ClusterDriver } from "../../runtime/cluster/driver.js";
import { readJobAttempt } from "../../runtime/cluster/job-attempt.js";
import type { JobOptions } from "../../runtime/cluster/job-settings.js";
import type { RemoteContext } from "../../runtime/component/remote.js";
import type { RemoteCaller } from "../../runtime/component/remote-caller.js";
import type { ReliableMethod } from "../../runtime/component/remote-method.js";
import type { Letter, Person } from "../generator/scenarios/jobs/expected/generated/post/v1/post.js";
import {
  PostRemote,
  PostRemoteClient,
  PostRemoteJobs,
} from "../generator/scenarios/jobs/expected/generated/post/v1/post.server.js";
import { Arrivals, type Deferred, defer, turn, until } from "../support/wait.js";
import { type Node, type NodeOptions, Nodes } from "./support/nodes.js";

/** A call that came, to be ended by the test. */
interface Handled extends Deferred<void> {
  readonly what: string;
  readonly context: RemoteContext;
}

/** Does what the test says with each call. */
class Post extends PostRemote {
  readonly calls = new Arrivals<Handled>();

  override send(context: RemoteContext, { to }: Letter): Promise<void> {
    return this.#came(`send ${to}`, context);
  }

  override count(): { sent: number } {
    return { sent: this.calls.length };
  }

  override forget(context: RemoteContext, { name }: Person): Promise<void> {
    return this.#came(`forget ${name}`, context);
  }

  override empty(context: RemoteContext): Promise<void> {
    return this.#came("empty", context);
  }

  #came(what: string, context: RemoteContext): Promise<void> {
    const call = defer();
    this.calls.push({ what, context, ...call });
    return call.promise;
  }
}

const jobsOf = ({ server }: Node) => new PostRemoteJobs(server.cluster as RemoteCaller);
const toAda: Letter = { to: "ada", text: "dear" };
const nothing = { enqueued: 0, pending: 0, done: 0, again: 0, failed: 0 };

async function post(options: NodeOptions = {}) {
  const nodes = new Nodes();
  const office = new Post();
  const host = await nodes.member("host", {}, { remotes: [office], ...options });
  const caller = await nodes.member("caller", {});
  return { nodes, office, host, caller, jobs: jobsOf(caller) };
}

const fails = (message: string) => new Error(message);

describe("a job", () => {
  it("has its method called, and is done when that returns", async () => {
    const { nodes, office, host, caller, jobs } = await post();
    const { id, duplicate } = await jobs.send(toAda, { metadata: { trace: "t-1" } });
    expect(duplicate).toBe(false);
    const { what, context, resolve } = await office.calls.next();
    expect(what).toBe("send ada");
    expect(context).toMatchObject({
      caller: "host",
      metadata: { trace: "t-1" },
      job: { id, attempt: 1, enqueuedBy: "caller", enqueuedAtMs: nodes.clock.now() },
    });
    expect(context.deadlineMs).toBe(nodes.clock.now() + 30_000);
    expect(host.server.counters.remote.jobs).toEqual({ ...nothing, pending: 1 });
    resolve();
    await until(() => host.server.counters.remote.jobs.done === 1);
    expect(host.server.counters.remote.jobs).toEqual({ ...nothing, done: 1 });
    expect(caller.server.counters.remote.jobs).toEqual({ ...nothing, enqueued: 1 });
    // Nobody has called anything.
    expect(caller.server.counters.remote.made.calls).toBe(0);
  });

  it("may be a tell, and of a method without a message", async () => {
    const { office, jobs } = await post();
    await jobs.forget({ name: "ada" });
    await jobs.empty({ id: "once" });
    const [one, other] = [await office.calls.next(), await office.calls.next()];
    expect([one.what, other.what, other.context.job?.id]).toEqual(["forget ada", "empty", "once"]);
    expect(other.context.deadlineMs).toBe((one.context.deadlineMs ?? 0) + 30_000);
  });

  it("is added once under one id", async () => {
    const { office, jobs } = await post();
    expect(await jobs.send(toAda, { id: "letter-1" })).toEqual({ id: "letter-1", duplicate: false });
    expect(await jobs.send(toAda, { id: "letter-1" })).toEqual({ id: "letter-1", duplicate: true });
    expect(await jobs.forget({ name: "ada" }, { id: "letter-1" })).toEqual({ id: "letter-1", duplicate: false });
    expect([(await office.calls.next()).what, (await office.calls.next()).what]).toEqual(["send ada", "forget ada"]);
  });

  it("waits for a node that hosts its service", async () => {
    const nodes = new Nodes();
    const caller = await nodes.member("caller", {});
    await jobsOf(caller).send(toAda);
    const office = new Post();
    await nodes.member("host", {}, { remotes: [office] });
    expect((await office.calls.next()).what).toBe("send ada");
  });

  it("is tried again when it fails, after ever longer pauses", async () => {
    const { nodes, office, host, jobs } = await post({ cluster: { jobs: { retryMs: 1_000, maxRetryMs: 3_000 } } });
    const { id } = await jobs.send(toAda);
    for (const [index, pauseMs] of [1_000, 2_000, 3_000, 3_000].entries()) {
      const { context, reject } = await office.calls.next();
      expect(context.job).toMatchObject({ id, attempt: index + 1 });
      reject(fails("the bag is full"));
      await until(() => host.server.counters.remote.jobs.again === index + 1);
      nodes.clock.step(pauseMs - 1);
      await turn();
      expect(office.calls.length).toBe(0);
      nodes.clock.step(pauseMs / 4 + 1);
      await until(() => office.calls.length === 1);
    }
    (await office.calls.next()).resolve();
    await until(() => host.server.counters.remote.jobs.done === 1);
    expect(host.server.counters.remote.jobs).toEqual({ ...nothing, again: 4, done: 1 });
    const told = host.log.lines.filter(({ message }) => message === "a job failed, and is tried again");
    expect(told.map(({ level, fields }) => [level, fields])).toEqual(
      [1, 2, 3, 4].map((attempt) => ["warn", expect.objectContaining({ job: id, route: "Post.Send", attempt })]),
    );
  });

  it("is tried again when its handler takes too long", async () => {
    const { nodes, office, host, jobs } = await post({ cluster: { jobs: { retryMs: 0 } } });
    await jobs.send(toAda);
    const { context, resolve } = await office.calls.next();
    nodes.clock.step(30_000);
    expect((await office.calls.next()).context.job?.attempt).toBe(2);
    expect(context.signal.aborted).toBe(true);
    resolve();
    await turn();
    expect(host.server.counters.remote.jobs).toEqual({ ...nothing, pending: 1, again: 1 });
  });

  it("is set aside after its last attempt", async () => {
    const { nodes, office, host, jobs } = await post({ cluster: { jobs: { retryMs: 0 } } });
    await jobs.send(toAda, { id: "j", maxAttempts: 2 });
    (await office.calls.next()).reject(fails("the bag is full"));
    (await office.calls.next()).reject(new NanowireError("no_stamp", "there are no stamps"));
    await until(() => nodes.network.failedJobs.length === 1);
    expect(nodes.network.failedJobs).toMatchObject([{ id: "j", route: "Post.Send", enqueuedBy: "caller" }]);
    expect(host.server.counters.remote.jobs).toEqual({ ...nothing, again: 1, failed: 1 });
    expect(host.log.lines.at(-1)).toMatchObject({
      level: "error",
      message: "a job failed for good, and is set aside",
      fields: { job: "j", route: "Post.Send", attempt: 2, enqueuedBy: "caller", error: { code: "no_stamp" } },
    });
  });

  it("is tried as often as the node says that wants it done", async () => {
    const nodes = new Nodes();
    const office = new Post();
    await nodes.member("host", {}, { remotes: [office], cluster: { jobs: { retryMs: 0, maxAttempts: 9 } } });
    const caller = await nodes.member("caller", {}, { cluster: { jobs: { maxAttempts: 1 } } });
    await jobsOf(caller).send(toAda);
    (await office.calls.next()).reject(fails("the bag is full"));
    await until(() => nodes.network.failedJobs.length === 1);
  });

  it("is not begun once more when the node died over its last attempt", async () => {
    const { nodes, office, jobs } = await post();
    await jobs.send(toAda, { id: "poison", maxAttempts: 1 });
    await office.calls.next();
    const other = new Post();
    const next = await nodes.member("other", {}, { remotes: [other] });
    nodes.kill("host");
    await until(() => nodes.network.failedJobs.length === 1);
    expect(other.calls.length).toBe(0);
    expect(next.log.lines.at(-1)?.fields).toMatchObject({
      error: {
        code: "unavailable",
        message: "job poison of Post.Send was tried 1 times, and the last time nobody heard how it ended",
      },
    });
  });

  it("goes to another node when the one that works on it dies", async () => {
    const { nodes, office, jobs } = await post();
    await jobs.send(toAda, { id: "j" });
    await office.calls.next();
    const other = new Post();
    await nodes.member("other", {}, { remotes: [other] });
    nodes.kill("host");
    expect((await other.calls.next()).context.job).toMatchObject({ id: "j", attempt: 2 });
  });

  it("with a shard key goes to the node that the key belongs to, whoever takes it", async () => {
    const nodes = new Nodes();
    const offices = new Map<string, Post>();
    for (const id of ["a", "b", "c"]) {
      const office = new Post();
      offices.set(id, office);
      await nodes.member(id, {}, { remotes: [office] });
    }
    const caller = await nodes.member("caller", {});
    const client = new PostRemoteClient(caller.server.cluster as RemoteCaller);
    const takers = new Set<string>();
    for (const name of ["ada", "bob", "cyd", "dan", "eve", "fay"]) {
      client.forget({ name });
      await until(() => [...offices.values()].some(({ calls }) => calls.length > 0));
      const [id, office] = [...offices].find(([, { calls }]) => calls.length > 0) as [string, Post];
      const told = await office.calls.next();
      expect(told.context.job).toBeUndefined();
      told.resolve();
      for (let count = 0; count < 3; count++) {
        await jobsOf(caller).forget({ name });
        const { what, context, resolve } = await office.calls.next();
        expect([id, what, context.job?.attempt]).toEqual([id, `forget ${name}`, 1]);
        expect(context.metadata).toEqual({});
        takers.add(context.caller);
        resolve();
      }
    }
    expect(takers.size).toBe(3);
  });

  it("of the order SERVICE waits for its turn", async () => {
    const { office, jobs } = await post();
    await jobs.empty();
    await jobs.empty();
    const first = await office.calls.next();
    await turn();
    expect(office.calls.length).toBe(0);
    first.resolve();
    expect((await office.calls.next()).what).toBe("empty");
  });

  it("is given back by a node that stops", async () => {
    const { nodes, office, host, jobs } = await post();
    await jobs.send(toAda, { id: "j" });
    const first = await office.calls.next();
    const other = new Post();
    await nodes.member("other", {}, { remotes: [other] });
    await host.server.stop();
    expect(first.context.signal.aborted).toBe(true);
    expect((await other.calls.next()).context.job).toMatchObject({ id: "j", attempt: 2 });
    expect(host.server.counters.remote.jobs).toEqual({ ...nothing, again: 1 });
  });

  it("is waited for by a node that drains, which takes no other", async () => {
    const { nodes, office, host, jobs } = await post();
    await jobs.send(toAda);
    const first = await office.calls.next();
    let stopped = false;
    const stopping = host.server.stop({ graceMs: 60_000 }).then(() => {
      stopped = true;
    });
    await turn();
    await jobs.send({ to: "bob", text: "" });
    nodes.clock.step(1_000);
    await turn();
    expect([stopped, office.calls.length, first.context.signal.aborted]).toEqual([false, 0, false]);
    first.resolve();
    await until(() => host.server.counters.remote.jobs.done === 1);
    nodes.clock.step(100);
    await stopping;
    await host.server.start();
    expect((await office.calls.next()).what).toBe("send bob");
  });

  it("can be wanted by the node that hosts its service", async () => {
    const nodes = new Nodes();
    const office = new Post();
    const host = await nodes.member("host", {}, { remotes: [office] });
    await jobsOf(host).send(toAda);
    expect((await office.calls.next()).context.job?.enqueuedBy).toBe("host");
  });
});

describe("a job that cannot be", () => {
  it("is refused with what is wrong", async () => {
    const { jobs, office } = await post();
    const refused = (options: object) => jobs.send(toAda, options).catch((error: NanowireError) => error.message);
    const shown = "of a job of Post.Send is not 1 to 128 printable characters of ASCII without blanks";
    expect(await refused({ id: "" })).toBe(`id "" ${shown}`);
    expect(await refused({ id: "a b" })).toBe(`id "a b" ${shown}`);
    expect(await refused({ id: "ä" })).toBe(`id "ä" ${shown}`);
    expect(await refused({ id: 7 })).toBe(`id 7 ${shown}`);
    expect(await refused({ id: "x".repeat(129) })).toContain(shown);
    expect(await refused({ maxAttempts: 0 })).toBe(
      "maxAttempts of a job of Post.Send 0 is not an integer from 1 to 1000000",
    );
    expect(await refused({ metadata: { a: 1 } })).toBe("metadata a of a call is of type number, and no string");
    expect(await refused({ metadata: { "nanowire-job": "{}" } })).toBe(
      "metadata nanowire-job of a call is the cluster's own name",
    );
    await expect(jobs.send(null as unknown as Letter)).rejects.toMatchObject({ code: "invalid_payload" });
    expect(office.calls.length).toBe(0);
  });

  it("is unsupported where the cluster keeps none", async () => {
    const nodes = new Nodes();
    const inner = nodes.network.driver();
    const driver: ClusterDriver = {
      name: "grpc",
      join: (node, host) => inner.join(node, host),
      update: (node) => inner.update(node),
      send: (to, frame) => inner.send(to, frame),
      leave: () => inner.leave(),
    };
    const node = await nodes.member("a", {}, { cluster: { driver } });
    await expect(jobsOf(node).send(toAda)).rejects.toMatchObject({
      code: "unsupported",
      message: "grpc() keeps no jobs, and Post.Send cannot be enqueued: nats() does",
    });
  });

  it("is unavailable where the node is in no cluster", async () => {
    const { caller, jobs } = await post();
    await caller.server.stop();
    await expect(jobs.send(toAda)).rejects.toMatchObject({
      code: "unavailable",
      message: "Post.Send cannot be enqueued: this node is in no cluster now",
    });
  });

  it("of a method that is not reliable fails, though somebody put it into the queue", async () => {
    const { nodes, office, caller } = await post({ cluster: { jobs: { retryMs: 0 } } });
    const { fingerprint: _, ...count } = {
      service: "Post",
      route: "Post.Count",
      kind: "call",
      request: { encode: () => ({ finish: () => new Uint8Array() }), decode: () => undefined },
      response: { encode: () => ({ finish: () => new Uint8Array() }), decode: () => undefined },
      reliable: true,
      fingerprint: "",
    } as ReliableMethod<void>;
    await (caller.server.cluster as RemoteCaller).enqueue(count, undefined, { maxAttempts: 2 });
    await until(() => nodes.network.failedJobs.length === 1);
    expect(office.calls.length).toBe(0);
  });

  it.each([
    [{ maxAtOnce: 0 }, "cluster.jobs.maxAtOnce 0 is not an integer from 1 to 10000"],
    [{ maxAttempts: 1.5 }, "cluster.jobs.maxAttempts 1.5 is not an integer from 1 to 1000000"],
    [{ retryMs: -1 }, "cluster.jobs.retryMs -1 is not an integer from 0 to 86400000"],
    [{ maxRetryMs: 1, retryMs: 2 }, "cluster.jobs.retryMs 2 is more than cluster.jobs.maxRetryMs 1"],
    [
      { maxatonce: 1 },
      "there is no option cluster.jobs.maxatonce; there are maxAtOnce, maxAttempts, retryMs, maxRetryMs",
    ],
  ])("comes of options %j that are refused", async (jobs, message) => {
    await expect(new Nodes().member("a", {}, { cluster: { jobs: jobs as JobOptions } })).rejects.toMatchObject({
      code: "invalid_option",
      message,
    });
  });
});

describe("what says that a call is an attempt of a job", () => {
  it.each([
    ["no JSON", "{"],
    ["no object", "null"],
    ["no attempt", '{"id":"j","attempt":"1","enqueuedBy":"a","enqueuedAtMs":1}'],
  ])("is passed over where it is %s", (_, text) => {
    expect(readJobAttempt({ "nanowire-job": text, trace: "t" })).toEqual({ job: undefined, metadata: { trace: "t" } });
  });
});
