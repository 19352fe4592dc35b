import type { Clock } from "../base/clock.js";
import type { Job, JobQueue, JobVerdict, JobWorker } from "./job-queue.js";

/** The jobs of a cluster in one process. They are handed out in turn, and are gone with the process. */
export class MemoryJobs {
  readonly #kept = new Set<KeptJob>();
  readonly #takers = new Set<Taker>();
  /** When each was kept, by route and id. */
  readonly #ids = new Map<string, number>();
  readonly #failed: Job[] = [];

  /** Those that were set aside after their last attempt, the oldest first. */
  get failed(): readonly Job[] {
    return this.#failed;
  }

  /** One node's end of the queue. */
  queue(clock: () => Clock): JobQueue & { killed(): void } {
    let taker: Taker | undefined;
    const release = (): void => {
      if (taker !== undefined) {
        this.#takers.delete(taker);
      }
    };
    return {
      add: async (job) => this.#add(job, clock()),
      take: (services, worker) => {
        taker = new Taker(services, worker, clock());
        this.#takers.add(taker);
        this.#hand();
      },
      stop: async () => {
        release();
        await taker?.idle();
      },
      killed: () => {
        release();
        for (const kept of taker?.end() ?? []) {
          kept.taken = false;
        }
        this.#hand();
      },
    };
  }

  #add(job: Job, clock: Clock): boolean {
    const name = `${job.route} ${job.id}`;
    const now = clock.steady();
    const before = this.#ids.get(name);
    if (before !== undefined && now - before < sameIdMs) {
      return false;
    }
    this.#ids.set(name, now);
    this.#kept.add({ job, attempt: 0, taken: false, waiting: false });
    this.#hand();
    return true;
  }

  /** Hands out whatever is due and somebody takes. */
  #hand(): void {
    for (const kept of this.#kept) {
      if (!kept.taken && !kept.waiting) {
        const taker = [...this.#takers].find((one) => one.takes(kept.job));
        if (taker !== undefined) {
          // The next one gets the next job.
          this.#takers.delete(taker);
          this.#takers.add(taker);
          void this.#work(kept, taker);
        }
      }
    }
  }

  async #work(kept: KeptJob, taker: Taker): Promise<void> {
    kept.taken = true;
    kept.attempt++;
    const verdict = await taker.work(kept);
    if (verdict === undefined) {
      // Its node is gone: it was handed out again.
      return;
    }
    kept.taken = false;
    if (verdict.outcome === "again" && verdict.afterMs > 0) {
      kept.waiting = true;
      taker.clock.after(verdict.afterMs, () => {
        kept.waiting = false;
        this.#hand();
      });
    } else if (verdict.outcome !== "again") {
      this.#kept.delete(kept);
      if (verdict.outcome === "failed") {
        this.#failed.push(kept.job);
      }
    }
    this.#hand();
  }
}

/** For how long an id is known. */
const sameIdMs = 120_000;

interface KeptJob {
  readonly job: Job;
  attempt: number;
  taken: boolean;
  /** Until its pause is over. */
  waiting: boolean;
}

/** A node that takes jobs. */
class Taker {
  readonly clock: Clock;
  readonly #services: ReadonlySet<string>;
  readonly #worker: JobWorker;
  readonly #running = new Map<KeptJob, Promise<unknown>>();
  #ended = false;

  constructor(services: readonly string[], worker: JobWorker, clock: Clock) {
    this.#services = new Set(services);
    this.#worker = worker;
    this.clock = clock;
  }

  takes({ service }: Job): boolean {
    return this.#services.has(service) && this.#running.size < this.#worker.maxAtOnce;
  }

  /** Undefined when the node is gone before it is done. */
  async work(kept: KeptJob): Promise<JobVerdict | undefined> {
    const { job, attempt } = kept;
    const running = this.#worker.work({ job, attempt });
    this.#running.set(kept, running);
    const verdict = await running;
    this.#running.delete(kept);
    return this.#ended ? undefined : verdict;
  }

  /** Its node is gone. Returns what it worked on. */
  end(): KeptJob[] {
    this.#ended = true;
    return [...this.#running.keys()];
  }

  async idle(): Promise<void> {
    await Promise.all(this.#running.values());
  }
}
