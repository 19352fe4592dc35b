import { NanowireError } from "../base/error.js";

/** A time with its unit: `"250ms"`, `"10s"`, `"1.5m"`, `"1h"`. */
export type Duration = `${number}${"ms" | "s" | "m" | "h"}`;

/** The longest that anything here may take: a day. */
const longestMs = 86_400_000;

/**
 * Milliseconds of a time, from `leastMs` to a day.
 *
 * @param name what it is, for the error: `ramp`
 * @throws NanowireError `invalid_option`
 */
export function parseDuration(name: string, value: unknown, leastMs = 0): number {
  const [, number, unit] = /^(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h)$/.exec(String(value)) ?? [];
  if (typeof value !== "string" || number === undefined) {
    const examples = "write a number and its unit, as 250ms, 10s, 5m or 1h";
    throw new NanowireError("invalid_option", `${name} ${String(value)} is no time: ${examples}`);
  }
  const ms = Number(number) * unitsMs[unit as keyof typeof unitsMs];
  if (ms < leastMs || ms > longestMs) {
    throw new NanowireError("invalid_option", `${name} ${value} is not a time from ${leastMs}ms to 24h`);
  }
  return ms;
}

const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
