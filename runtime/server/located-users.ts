import type { FoundBinding } from "../cluster/directory-messages.js";
import type { PushDefinition, PushReceiver } from "../session/push.js";
import type { UserPushes } from "./user-pushes.js";

/** A session of a user, somewhere in the cluster. */
export interface LocatedSession {
  /** Who the client is. */
  readonly uid: string;
  /** The session's id. */
  readonly session: string;
  /** The id of the node that holds the client. */
  readonly gate: string;
  /** Whether the client's connection is broken, and the session waits for it to come back. */
  readonly suspended: boolean;
}

/** Where users were when {@link Cluster.locate} was answered; a push goes to these sessions, as far as they are still bound to the same uids, and nobody is asked again. */
export class LocatedUsers implements PushReceiver {
  /** Their sessions, those of a user together, in the order in which they were bound. */
  readonly sessions: readonly LocatedSession[];
  /** The uids that no session was bound to. */
  readonly missing: readonly string[];
  readonly #found: readonly FoundBinding[];
  readonly #pushes: UserPushes;

  /** @internal `server.cluster.locate(uids)` makes these. */
  constructor(uids: readonly string[], found: readonly FoundBinding[], pushes: UserPushes) {
    const there = new Set(found.map(({ uid }) => uid));
    this.sessions = found.map(({ uid, session, gate, suspended }) => ({ uid, session, gate, suspended }));
    this.missing = uids.filter((uid) => !there.has(uid));
    this.#found = found;
    this.#pushes = pushes;
  }

  /**
   * Sends a push to these sessions.
   *
   * @returns to how many it is on its way: those that have gone at other gates meanwhile are counted too
   */
  push<T>(method: PushDefinition<T>, message: T): number {
    return this.#pushes.pushTo(this.#found, method, message);
  }
}
