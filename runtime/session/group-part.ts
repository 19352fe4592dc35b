import type { PushDefinition, PushReceiver } from "./push.js";
import { pushToAll } from "./send-push.js";
import type { Session } from "./session.js";

/** Tells which sessions are meant. */
export type SessionFilter = (session: Session) => boolean;

/**
 * Those members of a group that a filter picks, each time that it is asked: whoever comes later is seen too. A push to it
 * goes to nobody when the filter throws.
 */
export class GroupPart implements PushReceiver, Iterable<Session> {
  readonly #members: () => Iterable<Session>;
  readonly #filter: SessionFilter;

  /** @internal A group makes its parts. */
  constructor(members: () => Iterable<Session>, filter: SessionFilter) {
    this.#members = members;
    this.#filter = filter;
  }

  /** How many they are. */
  get count(): number {
    return this.members().length;
  }

  /** Who they are, in the order in which they came. The array is the caller's. */
  members(): Session[] {
    const picked: Session[] = [];
    for (const session of this.#members()) {
      if (this.#filter(session)) {
        picked.push(session);
      }
    }
    return picked;
  }

  /** Those whom the filter picks now, in the order in which they came. */
  [Symbol.iterator](): Iterator<Session> {
    return this.members()[Symbol.iterator]();
  }

  /** Those of them that another filter picks too. */
  where(filter: SessionFilter): GroupPart {
    return new GroupPart(() => this, filter);
  }

  /** All of them but these. */
  except(...sessions: readonly Session[]): GroupPart {
    return this.where((session) => !sessions.includes(session));
  }

  /** @throws NanowireError `group_closed`; what the filter throws */
  push<T>(method: PushDefinition<T>, message: T): number {
    return pushToAll(this, method, message);
  }
}
