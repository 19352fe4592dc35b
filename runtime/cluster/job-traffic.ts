import type { JobVerdict } from "./job-queue.js";

/** What was counted of jobs at one node. */
export interface JobCounters {
  /** Jobs that this node had kept. */
  readonly enqueued: number;
  /** Jobs that it works on now. */
  readonly pending: number;
  /** Attempts that ended well. */
  readonly done: number;
  /** Attempts after which the job is tried again. */
  readonly again: number;
  /** Jobs that it set aside after their last attempt. */
  readonly failed: number;
}

/** Counts the jobs of a node. */
export class JobTraffic {
  enqueued = 0;
  pending = 0;
  readonly #ended: Record<JobVerdict["outcome"], number> = { done: 0, again: 0, failed: 0 };

  ended(outcome: JobVerdict["outcome"]): void {
    this.#ended[outcome]++;
  }

  snapshot(): JobCounters {
    const { enqueued, pending } = this;
    return { enqueued, pending, ...this.#ended };
  }
}
