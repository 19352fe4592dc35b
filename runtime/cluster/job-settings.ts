import { assertOptions } from "../base/assert-options.js";
import { NanowireError } from "../base/error.js";
import { whole } from "../base/limits.js";

/** How a node has jobs done: calls of methods that are `reliable`. */
export interface JobOptions {
  /** How many jobs of each service a node works on at the same time. 1 to 10,000. Default: 16 */
  readonly maxAtOnce?: number;
  /** How often a job is tried at the most where it does not say itself. 1 to 1,000,000. Default: 20, which are two hours with these pauses */
  readonly maxAttempts?: number;
  /** Milliseconds before the second attempt; before each further one twice as long. A pause is up to a quarter longer by chance. 0 to `maxRetryMs`. Default: 1,000 */
  readonly retryMs?: number;
  /** The longest pause, in milliseconds. 0 to 86,400,000. Default: 600,000 */
  readonly maxRetryMs?: number;
}

/** The options with everything filled in. */
export type JobSettings = Required<JobOptions>;

/**
 * Fills in the defaults.
 *
 * @throws NanowireError `invalid_option`
 */
export function resolveJobOptions(options: JobOptions = {}): JobSettings {
  assertOptions("cluster.jobs", options, {
    maxAtOnce: "checked",
    maxAttempts: "checked",
    retryMs: "checked",
    maxRetryMs: "checked",
  });
  const { maxAtOnce = 16, maxAttempts = 20, retryMs = 1_000, maxRetryMs = Math.max(600_000, retryMs) } = options;
  whole("cluster.jobs.maxAtOnce", maxAtOnce, 1, 10_000);
  whole("cluster.jobs.maxAttempts", maxAttempts, 1, 1_000_000);
  whole("cluster.jobs.maxRetryMs", maxRetryMs, 0, 86_400_000);
  whole("cluster.jobs.retryMs", retryMs, 0, 86_400_000);
  if (retryMs > maxRetryMs) {
    throw new NanowireError(
      "invalid_option",
      `cluster.jobs.retryMs ${retryMs} is more than cluster.jobs.maxRetryMs ${maxRetryMs}`,
    );
  }
  return { maxAtOnce, maxAttempts, retryMs, maxRetryMs };
}
