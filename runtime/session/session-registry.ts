import type { Awaitable } from "../base/awaitable.js";
import { NanowireError } from "../base/error.js";
import { Listeners } from "../base/listeners.js";
import type { Logger } from "../base/logger.js";
import { maxUidLength, type Session, type SessionBinder } from "./session.js";

/**
 * What becomes of a second session that is bound to a uid.
 * - `allow`: both stay.
 * - `refuse`: the second is not bound; `bind` throws `uid_in_use`. A first one that is suspended is kicked instead: nobody is there, and the
 *   user may be who comes anew.
 * - `kick`: the first ones are kicked, with {@link BindingOptions.kickReason} as the reason.
 */
export type SecondSession = "allow" | "refuse" | "kick";

/** How sessions are bound to users. */
export interface BindingOptions {
  /** What becomes of a second session of a user. Default: `allow` */
  readonly second?: SecondSession;
  /** What a session is told that is kicked for a newer one. Default: `signed in elsewhere` */
  readonly kickReason?: string;
  /** Whether a bound session may be bound to another uid. Default: false, it is an error (`already_bound`) */
  readonly rebind?: boolean;
}

/** Judges a session that is about to be bound. An error that it throws is what `bind` throws. */
export type BindJudge = (session: Session, uid: string) => Awaitable<void>;

/** What a session that is about to be bound was granted, in a cluster. */
export interface SessionClaim {
  /**
   * The session is bound.
   *
   * @param isOnly whether the user's other sessions have to go
   */
  taken(isOnly: boolean): void;
  /** It is not, after all. */
  givenUp(): void;
}

/** Knows the sessions of users at other nodes. */
export interface BindArbiter {
  /**
   * A session is about to be bound. Undefined: it is none that others know.
   *
   * @throws NanowireError `uid_in_use`
   */
  claimBinding(session: Session, uid: string): Promise<SessionClaim | undefined>;
}

/** What the listeners of `server.onSessionBind` are told. */
export interface SessionBound {
  /** The session, bound to its new uid already. */
  readonly session: Session;
  /** What the session was bound to before; empty for nothing. */
  readonly previousUid: string;
}

/** What the listeners of `server.onSessionClose` are told. */
export interface SessionClosed {
  /** The session, closed already. */
  readonly session: Session;
  /** Why it was closed. */
  readonly reason: NanowireError;
}

/** What listeners of {@link SessionEvents.onSuspend} are told. */
export interface SessionSuspended {
  /** The session; it is kept for a while. */
  readonly session: Session;
  /** Why its connection broke. */
  readonly reason: NanowireError;
}

/** Listeners for what befalls any session of a server. Each returns what takes the listener back. One that throws is logged. */
export interface SessionEvents {
  /** A client has finished its handshake. */
  onOpen(listener: (session: Session) => void): () => void;
  /** A session was bound to a uid, or is bound to none again. */
  onBind(listener: (bound: SessionBound) => void): () => void;
  /** A session's connection broke, and its client may come back; the session's own listeners were told. */
  onSuspend(listener: (suspended: SessionSuspended) => void): () => void;
  /** The client of a suspended session came back; the session's own listeners were told. */
  onResume(listener: (session: Session) => void): () => void;
  /** A session is closed; its groups are left, and its own listeners were told. */
  onClose(listener: (closed: SessionClosed) => void): () => void;
}

/** The open sessions of a server, by id and by uid. */
export class SessionRegistry implements SessionEvents, SessionBinder {
  /** Asked before a session is bound; undefined: this server is in no cluster. */
  arbiter: BindArbiter | undefined;
  readonly #logger: Logger;
  readonly #binding: Required<BindingOptions>;
  readonly #judge: BindJudge | undefined;
  readonly #byId = new Map<string, Session>();
  readonly #byUid = new Map<string, Set<Session>>();
  readonly #opened = new Listeners<Session>();
  readonly #bound = new Listeners<SessionBound>();
  readonly #suspended = new Listeners<SessionSuspended>();
  readonly #resumed = new Listeners<Session>();
  readonly #closed = new Listeners<SessionClosed>();

  constructor(logger: Logger, binding: Required<BindingOptions>, judge: BindJudge | undefined) {
    this.#logger = logger;
    this.#binding = binding;
    this.#judge = judge;
  }

  /** How many sessions are open. */
  get size(): number {
    return this.#byId.size;
  }

  /** The open sessions, oldest first. */
  all(): Iterable<Session> {
    return this.#byId.values();
  }

  /** The open session with that id, or undefined. */
  byId(id: string): Session | undefined {
    return this.#byId.get(id);
  }

  /** The sessions that are bound to a uid, in the order in which they were. */
  byUid(uid: string): Iterable<Session> {
    return this.#byUid.get(uid) ?? [];
  }

  onOpen(listener: (session: Session) => void): () => void {
    return this.#opened.add(listener);
  }

  onBind(listener: (bound: SessionBound) => void): () => void {
    return this.#bound.add(listener);
  }

  onSuspend(listener: (suspended: SessionSuspended) => void): () => void {
    return this.#suspended.add(listener);
  }

  onResume(listener: (session: Session) => void): () => void {
    return this.#resumed.add(listener);
  }

  onClose(listener: (closed: SessionClosed) => void): () => void {
    return this.#closed.add(listener);
  }

  /** Takes in a session whose handshake is done. */
  open(session: Session): void {
    this.#byId.set(session.id, session);
    this.#opened.call(session, this.#logger);
  }

  /** Lets go of a session. Its connection may still have something to write. */
  close(session: Session): void {
    this.#byId.delete(session.id);
    this.#forget(session, session.uid);
  }

  /** Tells those who asked; the session's own listeners come first. */
  tellSuspended(session: Session, reason: NanowireError): void {
    if (session.suspended) {
      this.#suspended.call({ session, reason }, this.#logger);
    }
  }

  /** Tells those who asked; the session's own listeners come first. */
  tellResumed(session: Session): void {
    if (!session.closed) {
      this.#resumed.call(session, this.#logger);
    }
  }

  /** Tells those who asked; the session's own listeners come first. */
  tellClosed(session: Session, reason: NanowireError): void {
    this.#closed.call({ session, reason }, this.#logger);
  }

  /**
   * Binds a session to a uid.
   *
   * @throws NanowireError `invalid_uid`, `session_closed`, `already_bound`, `uid_in_use`, and what the judge throws
   */
  async bind(session: Session, uid: string): Promise<void> {
    if (typeof uid !== "string") {
      throw new NanowireError("invalid_uid", `a uid of type ${typeof uid} is not a string`);
    }
    if (uid.length === 0 || uid.length > maxUidLength) {
      throw new NanowireError("invalid_uid", `a uid of ${uid.length} characters is not one of 1 to ${maxUidLength}`);
    }
    this.#assertMay(session, uid);
    if (session.uid === uid) {
      return;
    }
    if (this.#judge !== undefined) {
      await this.#judge(session, uid);
      // It may have taken a while: another bind, or the end of the connection, may have come first.
      this.#assertMay(session, uid);
    }
    if (this.arbiter === undefined) {
      this.#bind(session, uid);
    } else {
      await this.#bindClaimed(session, uid, this.arbiter);
    }
  }

  async #bindClaimed(session: Session, uid: string, arbiter: BindArbiter): Promise<void> {
    const claim = await arbiter.claimBinding(session, uid);
    try {
      // As with the judge; and it may have been bound to the same uid.
      this.#assertMay(session, uid);
      if (session.uid !== uid) {
        this.#bind(session, uid);
      }
    } catch (error) {
      claim?.givenUp();
      throw error;
    }
    claim?.taken(this.#binding.second !== "allow");
  }

  #bind(session: Session, uid: string): void {
    const others = [...this.byUid(uid)].filter((other) => other !== session);
    const { second, kickReason } = this.#binding;
    // Those of other gates are refused there where all of them are known.
    if (second === "refuse" && others.some((other) => !other.suspended && other.gate === undefined)) {
      throw new NanowireError("uid_in_use", `another session is bound to ${uid}`);
    }
    this.#set(session, uid);
    if (second !== "allow") {
      for (const other of others) {
        other.kick(kickReason);
      }
    }
  }

  /** Undoes {@link bind}. */
  unbind(session: Session): void {
    if (session.bound) {
      this.#set(session, "");
    }
  }

  /** A session was bound, or unbound, where its client's connection is. */
  boundElsewhere(session: Session, uid: string): void {
    if (!session.closed && session.uid !== uid) {
      this.#set(session, uid);
    }
  }

  #assertMay(session: Session, uid: string): void {
    if (session.closed) {
      throw new NanowireError("session_closed", `session ${session.id} is closed`);
    }
    if (session.bound && session.uid !== uid && !this.#binding.rebind) {
      throw new NanowireError("already_bound", `session ${session.id} is bound to ${session.uid}, not to ${uid}`);
    }
  }

  #set(session: Session, uid: string): void {
    const previousUid = session.uid;
    this.#forget(session, previousUid);
    if (uid !== "") {
      const sessions = this.#byUid.get(uid) ?? new Set();
      this.#byUid.set(uid, sessions.add(session));
    }
    session.boundTo(uid);
    this.#bound.call({ session, previousUid }, this.#logger);
  }

  #forget(session: Session, uid: string): void {
    const sessions = this.#byUid.get(uid);
    if (sessions?.delete(session) && sessions.size === 0) {
      this.#byUid.delete(uid);
    }
  }
}
