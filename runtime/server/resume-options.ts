import { assertOptions } from "../base/assert-options.js";
import { NanowireError } from "../base/error.js";
import type { DeliveryLimits } from "../protocol/delivery.js";

/** How sessions outlive their connections. */
export interface ResumeOptions {
  /** How long a session is kept when its connection breaks, in milliseconds. 100 to 86,400,000. Default: 30,000 */
  readonly graceMs?: number;
  /**
   * How many messages to one client are kept until it says that it has got them. While it is connected, the oldest are forgotten beyond that, and a
   * break may then be beyond repair; a session that is suspended ends. 4 to 1,000,000. Default: 1,024
   */
  readonly maxMessages?: number;
  /** How many bytes of them, likewise. 1,024 to `maxOutboxBytes`. Default: 262,144, or `maxOutboxBytes` where that is less */
  readonly maxBytes?: number;
}

/** The options with everything filled in. */
export interface ResumeSettings extends DeliveryLimits {
  readonly graceMs: number;
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws NanowireError `invalid_option`
 */
export function resolveResumeOptions(
  given: boolean | ResumeOptions | undefined,
  maxOutboxBytes: number,
): ResumeSettings | undefined {
  if (given === undefined || given === false) {
    return undefined;
  }
  if (given !== true && (typeof given !== "object" || given === null)) {
    throw new NanowireError("invalid_option", `resume ${String(given)} is not true, false or an object`);
  }
  const options = given === true ? {} : given;
  assertOptions("resume", options, { graceMs: "checked", maxMessages: "checked", maxBytes: "checked" });
  const { graceMs = 30_000, maxMessages = 1_024, maxBytes = Math.min(262_144, maxOutboxBytes) } = options;
  assertLimit("graceMs", graceMs, 100, longestGraceMs, false);
  assertLimit("maxMessages", maxMessages, 4, 1_000_000);
  assertLimit("maxBytes", maxBytes, 1_024, maxOutboxBytes);
  return { graceMs, maxMessages, maxBytes };
}

function assertLimit(name: string, value: unknown, least: number, most: number, integer = true): void {
  if (typeof value !== "number" || !(value >= least && value <= most) || (integer && !Number.isInteger(value))) {
    const kind = integer ? "an integer" : "a number";
    throw new NanowireError(
      "invalid_option",
      `resume.${name} ${String(value)} is not ${kind} from ${least} to ${most}`,
    );
  }
}

/** A day. */
const longestGraceMs = 86_400_000;
