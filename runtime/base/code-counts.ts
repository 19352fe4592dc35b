/**
 * Counts by the code of an error. Codes are few; but a handler makes its own, and a node of the cluster tells those of its handlers: one that is not what it should be could tell
 * ever new ones. So the first 256 are told apart, of 64 characters at the most, and whatever comes then is `other`.
 */
export class CodeCounts {
  readonly #counts = new Map<string, number>();

  /** @param times how often it came */
  add(code: string, times = 1): void {
    const counts = this.#counts;
    const isKnown = counts.has(code) || (counts.size < mostCodes && code.length <= longestCode);
    const name = isKnown ? code : "other";
    counts.set(name, (counts.get(name) ?? 0) + times);
  }

  /** How often each came. The object is the caller's. */
  snapshot(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}

const mostCodes = 256;
const longestCode = 64;
