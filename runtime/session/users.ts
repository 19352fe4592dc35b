import type { PushDefinition, PushReceiver } from "./push.js";
import { pushToAll } from "./send-push.js";
import type { Session } from "./session.js";

/** Sends a push to users, also to those whose sessions this node does not know. */
export type PushToUsers = <T>(method: PushDefinition<T>, message: T) => number;

/**
 * Users, whichever sessions they have: a push goes to every session that is bound to one of their uids when it is sent. In a cluster those sessions may be at
 * any gate. A push then returns for how many it was queued at once: the sessions that this node knows; where the others are is asked, and they get it after that.
 */
export class Users implements PushReceiver {
  readonly #sessions: () => Iterable<Session>;
  readonly #push: PushToUsers | undefined;

  /**
   * @internal `server.users(uids)` and `server.everyone` are these.
   * @param sessions finds the sessions, at each push
   * @param push undefined: those are all
   */
  constructor(sessions: () => Iterable<Session>, push?: PushToUsers) {
    this.#sessions = sessions;
    this.#push = push;
  }

  /** The sessions that a push would go to now. In a cluster: those of them that this node knows. */
  sessions(): Session[] {
    return [...new Set(this.#sessions())];
  }

  push<T>(method: PushDefinition<T>, message: T): number {
    return this.#push === undefined ? pushToAll(this.sessions(), method, message) : this.#push(method, message);
  }
}
