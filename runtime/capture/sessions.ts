/** Finds out which connections are of one session: those that resume it, by the token that the server gave it. */
export class Sessions {
  readonly #byToken = new Map<string, SessionTraffic>();
  #last = 0;

  /** The session that goes on, or a new one. */
  enter(claimed: string | undefined, isResumed: boolean): SessionTraffic {
    const known = claimed === undefined || !isResumed ? undefined : this.#byToken.get(claimed);
    return known ?? { number: ++this.#last, pending: new Map() };
  }

  /** A session's connection is over. */
  leave({ pending }: SessionTraffic): void {
    for (const id of pending.keys()) {
      if (pending.size <= mostKept) {
        break;
      }
      pending.delete(id);
    }
  }

  /** The token by which it will be resumed. */
  remember(token: string, session: SessionTraffic): void {
    if (token.length > longestToken) {
      return;
    }
    this.#byToken.delete(token);
    this.#byToken.set(token, session);
    if (this.#byToken.size > mostSessions) {
      for (const oldest of this.#byToken.keys()) {
        this.#byToken.delete(oldest);
        break;
      }
    }
  }
}

/** What is remembered of a session. */
export interface SessionTraffic {
  readonly number: number;
  /** The requests that are not answered: by their ids. */
  readonly pending: Map<number | string, PendingRequest>;
}

/** A request that waits for its answer. */
export interface PendingRequest {
  readonly route: string;
  readonly timeUs: number;
}

/** The most tokens that are remembered. */
const mostSessions = 16_384;
/** No server's token is longer: one that is is not remembered. */
const longestToken = 256;
/** The most requests of a session without a connection that are. */
const mostKept = 64;
