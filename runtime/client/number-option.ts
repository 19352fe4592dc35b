import { NanowireError } from "../base/error.js";

/**
 * Refuses what is no number within its limits, both of them allowed.
 *
 * @param kind `an integer` for what counts things; a time may be a fraction
 * @throws NanowireError `invalid_option`
 */
export function assertNumber(
  name: string,
  value: number,
  least: number,
  most: number,
  kind: "a number" | "an integer" = "a number",
): void {
  if (!(value >= least && value <= most) || (kind === "an integer" && !Number.isInteger(value))) {
    throw invalidOption(name, value, `${kind} from ${least} to ${most}`);
  }
}

/** The error of an option, or an argument, that has a value outside its limits. */
export function invalidOption(name: string, value: unknown, limit: string): NanowireError {
  return new NanowireError("invalid_option", `${name} ${String(value)} is not ${limit}`);
}
