import { NanowireError } from "../base/error.js";
import { OutgoingPush, type PushDefinition, type PushTarget } from "./push.js";
import type { Membership, Session } from "./session.js";

/**
 * Sessions that are told the same: a room, a table, a channel. A push to a group is encoded once, whatever the number
 * of members. A session that closes leaves by itself.
 */
export class Group implements PushTarget {
  /** For logs and errors. */
  readonly name: string;
  readonly #members = new Set<Session>();
  /** What a member is told of: that it is to leave is nobody else's to say. */
  readonly #membership: Membership = { sessionClosed: (session) => this.#members.delete(session) };
  #closed = false;

  /** @param name for logs and errors; it need not be unique */
  constructor(name: string) {
    this.name = name;
  }

  /** How many members there are. */
  get count(): number {
    return this.#members.size;
  }

  /** Whether {@link close} was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Adds a session.
   *
   * @throws NanowireError `group_closed`, `already_member`, `session_closed`
   */
  add(session: Session): void {
    this.#assertOpen();
    if (session.closed) {
      throw new NanowireError("session_closed", `session ${session.id} is closed and cannot enter group ${this.name}`);
    }
    if (this.#members.has(session)) {
      throw new NanowireError("already_member", `session ${session.id} is in group ${this.name} already`);
    }
    this.#members.add(session);
    session.joined(this.#membership);
  }

  /**
   * Takes a session out.
   *
   * @throws NanowireError `group_closed`, `not_a_member`
   */
  leave(session: Session): void {
    this.#assertOpen();
    if (!this.#members.delete(session)) {
      throw new NanowireError("not_a_member", `session ${session.id} is not in group ${this.name}`);
    }
    session.left(this.#membership);
  }

  /**
   * Takes every session out.
   *
   * @throws NanowireError `group_closed`
   */
  leaveAll(): void {
    this.#assertOpen();
    this.#empty();
  }

  /** Whether a session is in it. */
  contains(session: Session): boolean {
    return this.#members.has(session);
  }

  /** The first member with that uid, or undefined. */
  member(uid: string): Session | undefined {
    for (const session of this.#members) {
      if (session.uid === uid) {
        return session;
      }
    }
    return undefined;
  }

  /** The members, in the order in which they came. The array is the caller's. */
  members(): Session[] {
    return [...this.#members];
  }

  /** The uids of the bound members, in the order in which they came. The array is the caller's. */
  uids(): string[] {
    return this.members()
      .filter((session) => session.bound)
      .map((session) => session.uid);
  }

  /** @throws NanowireError `group_closed` */
  push<T>(method: PushDefinition<T>, message: T): void {
    this.#assertOpen();
    const push = new OutgoingPush(method, message, this.#members.size > 1) as OutgoingPush;
    for (const session of this.#members) {
      session.pushShared(push);
    }
  }

  /** Takes every session out and ends the group: nothing can be done with it any more. Calling it again does nothing. */
  close(): void {
    this.#empty();
    this.#closed = true;
  }

  #empty(): void {
    for (const session of this.#members) {
      session.left(this.#membership);
    }
    this.#members.clear();
  }

  #assertOpen(): void {
    if (this.#closed) {
      throw new NanowireError("group_closed", `group ${this.name} is closed`);
    }
  }
}
