import type { TraceContext } from "../base/call-observer.js";
import type { NanowireError } from "../base/error.js";

/**
 * Where a driver keeps jobs: calls of REMOTE services that are to be made even when nobody who could make them is there, or whoever tries dies over it. A job is handed to one node
 * at a time, and again to the same or another one until somebody says that it is done: at least once, and so perhaps twice.
 */
export interface JobQueue {
  /**
   * Keeps a job. Resolved once it is kept, however many nodes die after that: `false` when a job of that route and id was kept within the last two minutes, and this one is not.
   *
   * @throws NanowireError `unavailable` when it is not known to be kept; `message_too_large`
   */
  add(job: Job): Promise<boolean>;

  /** Hands out jobs of these services, until {@link stop}. */
  take(services: readonly string[], worker: JobWorker): void;

  /** Hands out no more. Resolved when each that was handed out has its verdict, and that is on its way. Calling it twice is one call. */
  stop(): Promise<void>;
}

/** A call that is to be made. */
export interface Job {
  /** 1 to 128 printable characters of ASCII without blanks; unique among the jobs of its route for two minutes. */
  readonly id: string;
  /** The service's name within the cluster: a node that hosts it gets the job. */
  readonly service: string;
  /** The method that is to be called. */
  readonly route: string;
  /** The request, as the method's codec writes it. */
  readonly payload: Uint8Array;
  /** What the handler finds in its context. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The id of the node that wants it done. */
  readonly enqueuedBy: string;
  /** When that was: Unix time in milliseconds. */
  readonly enqueuedAtMs: number;
  /** How often it is tried at the most. */
  readonly maxAttempts: number;
  /** What is kept with it for whoever traces it. Absent: nothing. */
  readonly context?: TraceContext | undefined;
}

/** A job that is handed out. */
export interface TakenJob {
  /** What was added. */
  readonly job: Job;
  /** How often it was handed out, with this time: 1 for the first. */
  readonly attempt: number;
}

/** What works on jobs. */
export interface JobWorker {
  /** How many it takes at the same time. */
  readonly maxAtOnce: number;
  /** Works on a job, and says what becomes of it. Never rejected. */
  work(taken: TakenJob): Promise<JobVerdict>;
}

/** What becomes of a job: it is over, to be handed out again after a pause, or set aside for good. */
export type JobVerdict =
  | { readonly outcome: "done" }
  | { readonly outcome: "again"; readonly afterMs: number }
  | { readonly outcome: "failed"; readonly error: NanowireError };
