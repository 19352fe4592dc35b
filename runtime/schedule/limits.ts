import { inRange } from "../base/limits.js";

/** The longest time that a timer waits: ten years. */
export const longestMs = 315_360_000_000;

/** Takes milliseconds between two ticks. */
export function period(name: string, value: number): number {
  return inRange(name, value, 1, longestMs);
}
