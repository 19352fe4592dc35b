import { errorCodes } from "../base/error.js";
import { otherLabel } from "./series-table.js";

/**
 * Keeps the codes that are told apart in bounds: those that Nanowire raises, and so many of the application's own. A code that was made of what a client has sent is one of
 * the others, sooner or later.
 */
export class CodeLabels {
  readonly #own = new Set<string>();

  /** The code itself, or `other`. */
  of(code: string): string {
    if (Object.hasOwn(errorCodes, code) || this.#own.has(code)) {
      return code;
    }
    if (this.#own.size < mostOwnCodes) {
      this.#own.add(code);
      return code;
    }
    return otherLabel;
  }
}

/** So many codes of the application's own are told apart. */
export const mostOwnCodes = 100;
