/** What a server has counted since it was made. */
export interface ServerCounters {
  /** Connections that were accepted. */
  readonly accepted: number;
  /** Connections that are open now, whatever their state. */
  readonly open: number;
  /** Sessions that are open now: connections whose handshake was taken. */
  readonly sessions: number;
  /** Requests that came. */
  readonly requests: number;
  /** Notifies that came. */
  readonly notifies: number;
  /** Pushes that were queued, each connection counted. */
  readonly pushes: number;
  /** Requests that were answered with an error and notifies that failed, by the error's code. */
  readonly failed: Readonly<Record<string, number>>;
  /** Tasks and timers that threw, were rejected, or took too long. */
  readonly failedTasks: number;
  /** Connections that were closed, by the code of the reason. */
  readonly closed: Readonly<Record<string, number>>;
}

/** Counts what a server does. */
export class Counters {
  accepted = 0;
  open = 0;
  sessions = 0;
  requests = 0;
  notifies = 0;
  pushes = 0;
  failedTasks = 0;
  readonly #failed = new Map<string, number>();
  readonly #closed = new Map<string, number>();

  failed(code: string): void {
    this.#failed.set(code, (this.#failed.get(code) ?? 0) + 1);
  }

  closed(code: string): void {
    this.#closed.set(code, (this.#closed.get(code) ?? 0) + 1);
  }

  snapshot(): ServerCounters {
    const { accepted, open, sessions, requests, notifies, pushes, failedTasks } = this;
    return {
      accepted,
      open,
      sessions,
      requests,
      notifies,
      pushes,
      failedTasks,
      failed: Object.fromEntries(this.#failed),
      closed: Object.fromEntries(this.#closed),
    };
  }
}
