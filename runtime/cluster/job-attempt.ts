import type { JobAttempt } from "../component/remote.js";
import type { TakenJob } from "./job-queue.js";

/** What of the metadata is the cluster's own: calls may not use it. */
export const jobKey = "nanowire-job";

type Metadata = Readonly<Record<string, string>>;

/** What the call carries with which a node works on a job: the node that is called reads it off with {@link readJobAttempt}. */
export function jobMetadata({ job, attempt }: TakenJob): Metadata {
  const { id, enqueuedBy, enqueuedAtMs, metadata } = job;
  const said: JobAttempt = { id, attempt, enqueuedBy, enqueuedAtMs };
  return { ...metadata, [jobKey]: JSON.stringify(said) };
}

/** Parts what a call carries: which job it is for, and what is the handler's. */
export function readJobAttempt(carried: Metadata): {
  readonly job: JobAttempt | undefined;
  readonly metadata: Metadata;
} {
  if (carried[jobKey] === undefined) {
    return { job: undefined, metadata: carried };
  }
  const { [jobKey]: text, ...metadata } = carried;
  return { job: parse(text), metadata };
}

function parse(text: string): JobAttempt | undefined {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { id, attempt, enqueuedBy, enqueuedAtMs } = Object(said) as Readonly<Record<string, unknown>>;
  return typeof id === "string" &&
    typeof attempt === "number" &&
    typeof enqueuedBy === "string" &&
    typeof enqueuedAtMs === "number"
    ? { id, attempt, enqueuedBy, enqueuedAtMs }
    : undefined;
}
