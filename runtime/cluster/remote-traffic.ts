import { CodeCounts } from "../base/code-counts.js";

/** What was counted of the calls of REMOTE services, at one of their ends. */
export interface RemoteCounters {
  /** Calls, those to this node itself included; one of every node counts for each. */
  readonly calls: number;
  /** Tells, counted likewise. */
  readonly tells: number;
  /** Calls that wait for an answer now; where they are answered, tells that are being handled, too. */
  readonly pending: number;
  /** Calls that failed, by the error's code, the first 256 that there are, and `other`; where they are answered, tells, too. */
  readonly failed: Readonly<Record<string, number>>;
}

/** Counts at one end. */
export class RemoteTraffic {
  calls = 0;
  tells = 0;
  pending = 0;
  readonly #failed = new CodeCounts();

  failed(code: string): void {
    this.#failed.add(code);
  }

  snapshot(): RemoteCounters {
    const { calls, tells, pending } = this;
    return { calls, tells, pending, failed: this.#failed.snapshot() };
  }
}
