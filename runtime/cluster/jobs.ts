import { randomUUID } from "node:crypto";
import { NanowireError, toNanowireError } from "../base/error.js";
import { whole } from "../base/limits.js";
import type { Logger } from "../base/logger.js";
import type { EnqueuedJob, EnqueueOptions } from "../component/remote-caller.js";
import type { ReliableMethod } from "../component/remote-method.js";
import { traced } from "../tracing/traced.js";
import type { Tracing } from "../tracing/tracing.js";
import type { ClusterNode } from "./cluster-node.js";
import type { HostedRemotes } from "./hosted-remotes.js";
import { jobMetadata } from "./job-attempt.js";
import type { JobQueue, JobVerdict, JobWorker, TakenJob } from "./job-queue.js";
import type { JobSettings } from "./job-settings.js";
import { JobTraffic } from "./job-traffic.js";
import type { RemoteCalls } from "./remote-calls.js";

/** What the jobs of a node need of it. */
export interface JobsHost {
  readonly node: ClusterNode;
  readonly calls: RemoteCalls;
  readonly remotes: HostedRemotes;
  readonly logger: Logger;
  /** Where jobs are kept; undefined: nowhere. */
  readonly queue: JobQueue | undefined;
  /** What carries the cluster, for errors. */
  readonly carrier: string;
  readonly settings: JobSettings;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  readonly tracing: Tracing | undefined;
}

/** The jobs of a node: those that it wants done, and those that it takes from the queue and has done by its remotes. */
export class Jobs implements JobWorker {
  readonly traffic = new JobTraffic();
  readonly #host: JobsHost;
  readonly #random: () => number;
  /** Ends each that is under way when the node leaves. */
  readonly #underWay = new Set<AbortController>();

  /** @param random lengthens pauses: 0 to 1, without 1 */
  constructor(host: JobsHost, random: () => number = Math.random) {
    this.#host = host;
    this.#random = random;
  }

  get maxAtOnce(): number {
    return this.#host.settings.maxAtOnce;
  }

  /** Has a job kept: {@link RemoteCaller.enqueue}. */
  async enqueue<Req>(method: ReliableMethod<Req>, message: Req, options: EnqueueOptions = {}): Promise<EnqueuedJob> {
    const { calls, node, queue, carrier, settings, now, tracing } = this.#host;
    const { service, route } = method;
    const { id = randomUUID(), maxAttempts = settings.maxAttempts } = options;
    if (typeof id !== "string" || !/^[\x21-\x7e]{1,128}$/.test(id)) {
      const shown = JSON.stringify(id).slice(0, 150);
      const message = `id ${shown} of a job of ${route} is not 1 to 128 printable characters of ASCII without blanks`;
      throw new NanowireError("invalid_option", message);
    }
    whole(`maxAttempts of a job of ${route}`, maxAttempts, 1, mostAttempts);
    const { payload, metadata } = calls.written(method, message, options.metadata);
    if (queue === undefined) {
      throw new NanowireError(
        "unsupported",
        `${carrier}() keeps no jobs, and ${route} cannot be enqueued: nats() does`,
      );
    }
    if (node.info === undefined) {
      throw new NanowireError("unavailable", `${route} cannot be enqueued: this node is in no cluster now`);
    }
    const enqueuedBy = node.info.id;
    const job = { id, service, route, payload, metadata, enqueuedBy, enqueuedAtMs: now(), maxAttempts };
    const trace = tracing?.send({ kind: "job", route, node: undefined });
    const duplicate = !(trace === undefined
      ? await queue.add(job)
      : await traced(trace, () => queue.add({ ...job, context: trace.context })));
    this.traffic.enqueued += duplicate ? 0 : 1;
    return { id, duplicate };
  }

  /** The node is part of its cluster: it takes jobs of the services that it hosts. */
  begin(): void {
    const services = this.#host.remotes.reliableServices;
    if (services.length > 0) {
      this.#host.queue?.take(services, this);
    }
  }

  /** Takes no more. */
  pause(): void {
    void this.#host.queue?.stop();
  }

  /** The node is about to leave: what is under way is given back, and another node gets it. */
  async end(): Promise<void> {
    const stopped = this.#host.queue?.stop();
    const reason = new NanowireError("unavailable", "this node left its cluster");
    for (const abort of this.#underWay) {
      abort.abort(reason);
    }
    await stopped;
  }

  /** Whether no job is under way, so that a drain need not wait. */
  letGo(): boolean {
    return this.traffic.pending === 0;
  }

  async work(taken: TakenJob): Promise<JobVerdict> {
    const { traffic } = this;
    traffic.pending++;
    const verdict = await this.#attempt(taken);
    traffic.pending--;
    traffic.ended(verdict.outcome);
    return verdict;
  }

  async #attempt(taken: TakenJob): Promise<JobVerdict> {
    const { job, attempt } = taken;
    const { logger, calls, tracing } = this.#host;
    const { id, route, context } = job;
    if (attempt > job.maxAttempts) {
      // Nobody heard of the end of the last attempt: whoever made it died over it, perhaps each time.
      const message = `job ${id} of ${route} was tried ${job.maxAttempts} times, and the last time nobody heard how it ended`;
      return this.#failed(taken, new NanowireError("unavailable", message));
    }
    const abort = new AbortController();
    const { signal } = abort;
    this.#underWay.add(abort);
    try {
      const metadata = jobMetadata(taken);
      const trace = tracing?.attempt({ route, job: id, attempt, context });
      await (trace === undefined
        ? calls.attempt(job, { metadata, signal, context })
        : traced(trace, () => calls.attempt(job, { metadata, signal, context: trace.context })));
      return { outcome: "done" };
    } catch (error) {
      if (signal.aborted) {
        return { outcome: "again", afterMs: 0 };
      }
      if (attempt >= job.maxAttempts) {
        return this.#failed(taken, toNanowireError(error, "internal", `job ${id} of ${route} failed`));
      }
      const afterMs = this.#pauseMs(attempt);
      logger.warn({ job: id, route, attempt, afterMs, error }, "a job failed, and is tried again");
      return { outcome: "again", afterMs };
    } finally {
      this.#underWay.delete(abort);
    }
  }

  #failed({ job, attempt }: TakenJob, error: NanowireError): JobVerdict {
    const { id, route, enqueuedBy } = job;
    this.#host.logger.error({ job: id, route, attempt, enqueuedBy, error }, "a job failed for good, and is set aside");
    return { outcome: "failed", error };
  }

  /** Twice as long with each attempt, and up to a quarter longer by chance: what failed together is not tried together. */
  #pauseMs(attempt: number): number {
    const { retryMs, maxRetryMs } = this.#host.settings;
    const pauseMs = Math.min(maxRetryMs, retryMs * 2 ** Math.min(attempt - 1, 40));
    return Math.round(pauseMs * (1 + this.#random() / 4));
  }
}

const mostAttempts = 1_000_000;
