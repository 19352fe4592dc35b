import { OutgoingPush, type PushDefinition, type PushTarget } from "./push.js";
import type { Session } from "./session.js";

/** Users, whichever sessions they have: a push goes to every session that is bound to one of their uids when it is sent. */
export class Users implements PushTarget {
  readonly #sessions: () => Iterable<Session>;

  /** @internal `server.users(uids)` and `server.everyone` are these. @param sessions finds the sessions, at each push */
  constructor(sessions: () => Iterable<Session>) {
    this.#sessions = sessions;
  }

  /** The sessions that a push would go to now. */
  sessions(): Session[] {
    return [...new Set(this.#sessions())];
  }

  push<T>(method: PushDefinition<T>, message: T): void {
    const sessions = this.sessions();
    const push = new OutgoingPush(method, message, sessions.length > 1) as OutgoingPush;
    for (const session of sessions) {
      session.pushShared(push);
    }
  }
}
