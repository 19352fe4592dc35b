import { assertOptions } from "../base/assert-options.js";
import { isPromise } from "../base/awaitable.js";
import { NanowireError } from "../base/error.js";
import type { Queue } from "../schedule/queue.js";
import { GroupPart, type SessionFilter } from "./group-part.js";
import type { PushDefinition, PushReceiver } from "./push.js";
import { PushBatch } from "./push-batch.js";
import { pushToAll } from "./send-push.js";
import type { Membership, Session } from "./session.js";

/** What a group may be told when it is made. */
export interface GroupOptions {
  /**
   * The group's own queue: `this.scheduler.queue("table 7")`. The messages of its members are handled there, together with
   * the queue's tasks and timers, one at a time; a session that leaves goes back to its own order, one that is in several such
   * groups is in the queue of the last. The queue is closed with the group. Default: none
   */
  readonly queue?: Queue;
  /**
   * Called each time that the last member has left, whether it left, was closed, or all were taken out; not when the group is closed.
   * What it throws is logged. Default: nothing
   */
  readonly onEmpty?: (group: Group) => void;
}

/**
 * Sessions that are told the same: a room, a table, a channel. A push to a group is encoded once, whatever the number
 * of members. A session that closes leaves by itself.
 */
export class Group implements PushReceiver, Iterable<Session> {
  /** For logs and errors. */
  readonly name: string;
  /** Where its members' messages are handled; undefined: each in its session's own order. */
  readonly queue: Queue | undefined;
  readonly #onEmpty: GroupOptions["onEmpty"];
  readonly #members = new Set<Session>();
  /** What a member is told of: that it is to leave is nobody else's to say. */
  readonly #membership: Membership = { group: this, sessionClosed: (session) => this.#sessionClosed(session) };
  readonly #batch = new PushBatch();
  #closed = false;

  /**
   * @param name for logs and errors; it need not be unique
   * @throws NanowireError `invalid_option`
   */
  constructor(name: string, options: GroupOptions = {}) {
    assertOptions("Group", options, { queue: "object", onEmpty: "function" });
    const { queue, onEmpty } = options;
    this.name = name;
    this.queue = queue;
    this.#onEmpty = onEmpty;
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
   * @throws NanowireError `group_closed`, `already_member`, `session_closed`; `scheduler_closed` when the group's queue is
   * closed
   */
  add(session: Session): void {
    this.#assertOpen();
    if (session.closed) {
      throw new NanowireError("session_closed", `session ${session.id} is closed and cannot enter group ${this.name}`);
    }
    if (this.#members.has(session)) {
      throw new NanowireError("already_member", `session ${session.id} is in group ${this.name} already`);
    }
    if (this.queue !== undefined) {
      session.schedule(this.queue);
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
    this.#letGo(session);
    this.#tellIfEmpty(session);
  }

  /**
   * Takes every session out.
   *
   * @throws NanowireError `group_closed`
   */
  leaveAll(): void {
    this.#assertOpen();
    const [last] = this.members().slice(-1);
    this.#empty();
    if (last !== undefined) {
      this.#tellIfEmpty(last);
    }
  }

  /** Whether a session is in it. */
  contains(session: Session): boolean {
    return this.#members.has(session);
  }

  /** The member that came first of those with that uid, or undefined. It looks through the members. */
  member(uid: string): Session | undefined {
    return this.#find((session) => session.bound && session.uid === uid);
  }

  /** The member with that session id, or undefined. It looks through the members. */
  memberById(id: string): Session | undefined {
    return this.#find((session) => session.id === id);
  }

  /** The members, in the order in which they came. The array is the caller's. */
  members(): Session[] {
    return [...this.#members];
  }

  /** The uids of the bound members, in the order in which they came: one that is bound twice is there twice. The array is the caller's. */
  uids(): string[] {
    return this.members()
      .filter((session) => session.bound)
      .map((session) => session.uid);
  }

  /** The members, in the order in which they came. Members may come and go meanwhile. */
  [Symbol.iterator](): Iterator<Session> {
    return this.#members.values();
  }

  /**
   * The members that a filter picks: `RoomEvents.said(room.where(({ uid }) => this.#red.has(uid)), message)`. They
   * are picked anew each time that it is used.
   */
  where(filter: SessionFilter): GroupPart {
    return new GroupPart(() => {
      this.#assertOpen();
      return this;
    }, filter);
  }

  /** All members but these: `RoomEvents.joined(room.except(session), message)`. */
  except(...sessions: readonly Session[]): GroupPart {
    return this.where((session) => !sessions.includes(session));
  }

  /** @throws NanowireError `group_closed` */
  push<T>(method: PushDefinition<T>, message: T): number {
    this.#assertOpen();
    return pushToAll(this.#members, method, message, this.#batch);
  }

  /**
   * Takes every session out and ends the group, its queue with it: nothing can be done with it any more. Calling it again
   * does nothing.
   */
  close(): void {
    this.#closed = true;
    this.#empty();
    this.queue?.close();
  }

  #find(filter: SessionFilter): Session | undefined {
    for (const session of this.#members) {
      if (filter(session)) {
        return session;
      }
    }
    return undefined;
  }

  #empty(): void {
    for (const session of this.#members) {
      this.#letGo(session);
    }
    this.#members.clear();
  }

  #letGo(session: Session): void {
    session.left(this.#membership);
    if (this.queue !== undefined && session.queue === this.queue) {
      session.schedule(undefined);
    }
  }

  #sessionClosed(session: Session): void {
    this.#members.delete(session);
    this.#tellIfEmpty(session);
  }

  /** @param left who left last: his log is told when that fails */
  #tellIfEmpty({ logger }: Session): void {
    if (this.#members.size > 0 || this.#onEmpty === undefined) {
      return;
    }
    const failed = (error: unknown): void => logger.error({ group: this.name, error }, "a group's onEmpty failed");
    try {
      const result: unknown = this.#onEmpty(this);
      if (isPromise(result)) {
        result.then(undefined, failed);
      }
    } catch (error) {
      failed(error);
    }
  }

  #assertOpen(): void {
    if (this.#closed) {
      throw new NanowireError("group_closed", `group ${this.name} is closed`);
    }
  }
}
