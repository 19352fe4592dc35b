import { NanowireError } from "./error.js";

/**
 * Takes a number within its limits.
 *
 * @throws NanowireError `invalid_option` that names the value and its limits
 */
export function inRange(name: string, value: number, least: number, most: number): number {
  if (typeof value !== "number" || !(value >= least && value <= most)) {
    throw new NanowireError("invalid_option", `${name} ${String(value)} is not a number from ${least} to ${most}`);
  }
  return value;
}

/**
 * Takes a whole number within its limits.
 *
 * @throws NanowireError `invalid_option` that names the value and its limits
 */
export function whole(name: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new NanowireError("invalid_option", `${name} ${String(value)} is not an integer from ${least} to ${most}`);
  }
  return value;
}
