/** What was counted of the calls of REMOTE services, at one of their ends. */
export interface RemoteCounters {
  /** Calls, those to this node itself included; one of every node counts for each. */
  readonly calls: number;
  /** Tells, counted likewise. */
  readonly tells: number;
  /** Calls that wait for an answer now; where they are answered, tells that are being handled, too. */
  readonly pending: number;
  /** Calls that failed, by the error's code; where they are answered, tells, too. */
  readonly failed: Readonly<Record<string, number>>;
}

/** Counts at one end. */
export class RemoteTraffic {
  calls = 0;
  tells = 0;
  pending = 0;
  readonly #failed = new Map<string, number>();

  failed(code: string): void {
    this.#failed.set(code, (this.#failed.get(code) ?? 0) + 1);
  }

  snapshot(): RemoteCounters {
    const { calls, tells, pending } = this;
    return { calls, tells, pending, failed: Object.fromEntries(this.#failed) };
  }
}
