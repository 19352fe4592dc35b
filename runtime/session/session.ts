import type { Awaitable } from "../base/awaitable.js";
import { NanowireError } from "../base/error.js";
import { Listeners } from "../base/listeners.js";
import type { Logger } from "../base/logger.js";
import type { HandshakeRequest } from "../protocol/handshake.js";
import type { Queue } from "../schedule/queue.js";
import { OutgoingPush, type PushDefinition, type PushReceiver } from "./push.js";

/** The greatest length of a uid, in UTF-16 units. */
export const maxUidLength = 255;

/**
 * What a program keeps with a session, declared once and then known everywhere:
 *
 * ```ts
 * declare module "nanowire" {
 *   interface SessionData {
 *     score: number;
 *   }
 * }
 * ```
 *
 * A message of a .proto file can be it: `interface SessionData extends Player {}`.
 */
// biome-ignore lint/suspicious/noEmptyInterface: programs add to it
export interface SessionData {}

/** Knows which session is whose. */
export interface SessionBinder {
  bind(session: Session, uid: string): Promise<void>;
  unbind(session: Session): Awaitable<void>;
}

/** What waits to be sent to a client: what was queued this turn, and what the client has not taken yet. */
export interface Waiting {
  /** Of whole packets, headers and all. */
  readonly bytes: number;
  /** Packets: answers, pushes, heartbeats. */
  readonly messages: number;
}

/** What a session asks of what carries it. */
export interface SessionLink {
  readonly binder: SessionBinder;
  /** The transport's name: `tcp`, `ws`, `memory`. */
  readonly transport: string;
  /** The client's address, without its port. */
  readonly remoteAddress: string;
  /** The address of the proxy that told it, if one did. */
  readonly proxyAddress?: string | undefined;
  /** The id of the node that holds the client's connection, where that is another one. */
  readonly gate?: string | undefined;
  readonly logger: Logger;
  /** What waits in its outbox. */
  readonly waiting: Waiting;
  /** Whether the client does not take what was written. */
  readonly blocked: boolean;
  /** The program has asked for the session's data: it may change. */
  dataUsed?(): void;
  /** The session was bound to another uid; empty: to none. */
  uidChanged?(uid: string): void;
  /** @returns whether it was queued */
  sendPush(push: OutgoingPush): boolean;
  sendKick(reason: string): void;
  close(reason: NanowireError): void;
}

/** A group, as those see it who look at a session. */
export interface Belonging {
  /** What it is called; another may be called the same. */
  readonly name: string;
  /** How many members it has. */
  readonly count: number;
}

/** Something that a session belongs to until it closes: a group. */
export interface Membership {
  readonly group: Belonging;
  /** Must not throw. */
  sessionClosed(session: Session): unknown;
}

/**
 * One client, from its handshake to the end of its connection; with the server's option `resume` it may outlive that, and go on with another. Made
 * by the server; handlers get it as their first argument.
 */
export class Session implements PushReceiver {
  /** A decimal number of 64 bits, unique in the cluster. */
  readonly id: string;
  /** What the client said of itself in its handshake. Not to be changed: clients that say the same share `sys`, which is frozen. */
  readonly handshake: HandshakeRequest;
  readonly #link: SessionLink;
  /** Made for the first: most sessions of a server are in no group, and an empty set takes more than the session does. */
  #memberships: Set<Membership> | undefined;
  #data: Partial<SessionData> | undefined;
  #closeListeners: Listeners<NanowireError> | undefined;
  #suspendListeners: Listeners<NanowireError> | undefined;
  #resumeListeners: Listeners<void> | undefined;
  #suspended = false;
  #unblockedListeners: Listeners<Session> | undefined;
  #uid = "";
  #closed: NanowireError | undefined;
  #abort: AbortController | undefined;
  #queue: Queue | undefined;

  /** @internal The server makes sessions. */
  constructor(id: string, handshake: HandshakeRequest, link: SessionLink) {
    this.id = id;
    this.handshake = handshake;
    this.#link = link;
  }

  /** Who the client is, as {@link bind} was told; empty while the session is not bound. */
  get uid(): string {
    return this.#uid;
  }

  /** Whether it is bound to a uid: whoever calls is known. */
  get bound(): boolean {
    return this.#uid !== "";
  }

  /** Whether it is over: the connection is gone, and the client cannot come back to this session. */
  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /**
   * Whether the connection broke, and the client may still come back (the server's option `resume`). Meanwhile messages that came are handled, and pushes and
   * answers are kept for the client.
   */
  get suspended(): boolean {
    return this.#suspended;
  }

  /** What carries the connection, or carried the last one: `tcp`, `tls`, `ws`, `wss`, `memory`. */
  get transport(): string {
    return this.#link.transport;
  }

  /**
   * The client's address, without its port: the real one, where a trusted proxy told it (`createServer({ proxy })`). `unix`
   * for a client that came by a Unix socket.
   */
  get remoteAddress(): string {
    return this.#link.remoteAddress;
  }

  /** The address of the proxy that told {@link remoteAddress}; undefined when the client came by itself. */
  get proxyAddress(): string | undefined {
    return this.#link.proxyAddress;
  }

  /** The id of the gate that holds the client's connection; undefined when that is this node itself. */
  get gate(): string | undefined {
    return this.#link.gate;
  }

  /**
   * What the program keeps here; see {@link SessionData}. It is gone with the session. In a cluster, what is JSON in it (with bigints, dates and bytes) is there
   * on every node that handles the session's messages: what a handler has changed is known to the gate before its answer goes out, and to
   * another node before that gets the session's next message.
   */
  get data(): Partial<SessionData> {
    this.#data ??= {};
    this.#link.dataUsed?.();
    return this.#data;
  }

  /** @internal The data, if there is any; and nobody is told that it was asked for. */
  get ownData(): Partial<SessionData> | undefined {
    return this.#data;
  }

  /** @internal The data; and nobody is told that it was asked for. */
  get sharedData(): Partial<SessionData> {
    this.#data ??= {};
    return this.#data;
  }

  /** Fires when the session closes, with the reason: a handler hands it to whatever it waits for. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#closed !== undefined) {
      this.#abort.abort(this.#closed);
    }
    return this.#abort.signal;
  }

  /**
   * Says who the client is. From then on methods with `bound_only` are open to it, and the server finds it by its uid. What becomes
   * of other sessions of the same uid, and whether a bound session may be bound anew, the server's option `binding` says.
   *
   * @param uid 1 to 255 characters
   * @throws NanowireError `invalid_uid`, `session_closed`, `already_bound` when it is bound to another uid, `uid_in_use`, and what the
   * server's `onBind` throws
   */
  async bind(uid: string): Promise<void> {
    await this.#link.binder.bind(this, uid);
  }

  /** Undoes {@link bind}: the client is nobody again. */
  async unbind(): Promise<void> {
    await this.#link.binder.unbind(this);
  }

  /** @internal The uid has changed. */
  boundTo(uid: string): void {
    this.#uid = uid;
    this.#link.uidChanged?.(uid);
  }

  /** The queue that its messages are handled in, as {@link schedule} was told; undefined when that is its own order. */
  get queue(): Queue | undefined {
    return this.#queue === undefined || this.#queue.closed ? undefined : this.#queue;
  }

  /**
   * Hands the session's messages to a queue: they are handled one at a time with all else that is in it, as long as the
   * queue is open. Messages that wait go along; one that is being handled is not touched. The session's own order is kept
   * through all changes. Methods of the order `NONE` do not wait in a queue; those of the order `SERVICE` take their turn in
   * both.
   *
   * @param queue undefined: back to the session's own order
   * @throws NanowireError `scheduler_closed` when the queue is closed
   */
  schedule(queue: Queue | undefined): void {
    if (queue?.closed === true) {
      throw new NanowireError("scheduler_closed", `queue ${queue.name} is closed`);
    }
    this.#queue = queue;
  }

  push<T>(method: PushDefinition<T>, message: T): number {
    const push = new OutgoingPush(method, message, false) as OutgoingPush;
    return this.#closed === undefined && this.#link.sendPush(push) ? 1 : 0;
  }

  /**
   * @internal Sends a push that goes to others too.
   * @returns whether it was queued
   */
  pushShared(push: OutgoingPush): boolean {
    return this.#closed === undefined && this.#link.sendPush(push);
  }

  /** How much waits to be sent to the client. The limits are the server's `maxOutboxBytes` and `maxOutboxMessages`. */
  get waiting(): Waiting {
    return this.#closed === undefined ? this.#link.waiting : nothing;
  }

  /** Whether the client does not take what was written, or is {@link suspended}: what is sent now waits in the server. {@link onUnblocked} tells when it does again. */
  get blocked(): boolean {
    return this.#closed === undefined && this.#link.blocked;
  }

  /**
   * Calls `listener` each time that the client takes again what is sent, after it was {@link blocked}. Returns what takes the
   * listener back. It has nothing to do with `server.drain()`.
   */
  onUnblocked(listener: (session: Session) => void): () => void {
    this.#unblockedListeners ??= new Listeners();
    return this.#unblockedListeners.add(listener);
  }

  /** @internal The client takes again what is sent. */
  drained(): void {
    this.#unblockedListeners?.call(this, this.#link.logger);
  }

  /** Tells the client to go, and why, and closes the connection when what waits is written. A client that is not connected cannot come back to this session. */
  kick(reason: string): void {
    if (this.#closed === undefined) {
      this.#link.sendKick(reason);
      this.#link.close(new NanowireError("kicked", reason));
    }
  }

  /** Closes the connection when what waits is written. */
  close(): void {
    if (this.#closed === undefined) {
      this.#link.close(new NanowireError("closed", "the server closed the session"));
    }
  }

  /**
   * Calls `listener` once when the session closes, with the reason; at once when it is closed already. Returns what
   * takes the listener back.
   */
  onClose(listener: (reason: NanowireError) => void): () => void {
    if (this.#closed !== undefined) {
      const late = new Listeners<NanowireError>();
      late.add(listener);
      late.call(this.#closed, this.#link.logger);
      return () => {};
    }
    this.#closeListeners ??= new Listeners();
    return this.#closeListeners.add(listener);
  }

  /**
   * Calls `listener` each time that the connection breaks and the session is kept, with the reason. Returns what takes the listener back.
   */
  onSuspend(listener: (reason: NanowireError) => void): () => void {
    this.#suspendListeners ??= new Listeners();
    return this.#suspendListeners.add(listener);
  }

  /** Calls `listener` each time that the client has come back. Returns what takes the listener back. */
  onResume(listener: () => void): () => void {
    this.#resumeListeners ??= new Listeners();
    return this.#resumeListeners.add(listener);
  }

  /** @internal The connection broke. */
  suspend(reason: NanowireError): void {
    this.#suspended = true;
    this.#suspendListeners?.call(reason, this.#link.logger);
  }

  /** @internal The client is back, on another connection. */
  resume(): void {
    this.#suspended = false;
    this.#resumeListeners?.call(undefined, this.#link.logger);
  }

  /** @internal As {@link queue}, and also when it is closed: what waits there stays there. */
  get handedTo(): Queue | undefined {
    return this.#queue;
  }

  /** @internal What carries it. */
  get link(): SessionLink {
    return this.#link;
  }

  /** @internal The server's log. */
  get logger(): Logger {
    return this.#link.logger;
  }

  /** @internal A group was joined. */
  joined(membership: Membership): void {
    this.#memberships ??= new Set();
    this.#memberships.add(membership);
  }

  /** @internal A group was left. */
  left(membership: Membership): void {
    this.#memberships?.delete(membership);
  }

  /** @internal The groups that it is in. */
  get groups(): Belonging[] {
    return this.#memberships === undefined ? [] : Array.from(this.#memberships, ({ group }) => group);
  }

  /** @internal The connection is gone: groups are left, and those who asked are told. */
  ended(reason: NanowireError): void {
    if (this.#closed !== undefined) {
      return;
    }
    this.#closed = reason;
    this.#suspended = false;
    this.#queue = undefined;
    for (const membership of this.#memberships ?? []) {
      membership.sessionClosed(this);
    }
    this.#memberships = undefined;
    this.#abort?.abort(reason);
    this.#closeListeners?.call(reason, this.#link.logger);
    this.#closeListeners?.clear();
    this.#suspendListeners?.clear();
    this.#resumeListeners?.clear();
    this.#unblockedListeners?.clear();
  }
}

const nothing: Waiting = { bytes: 0, messages: 0 };
