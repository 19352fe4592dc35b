import type { CancelTimer, Clock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import type { Call } from "../dispatch/call.js";
import type { Overloads } from "../dispatch/overload.js";
import type { RateLimiters } from "../dispatch/rate-limiter.js";
import { Delivery } from "../protocol/delivery.js";
import type { MessageId } from "../protocol/message.js";
import type { ResumeOffer } from "../protocol/resume.js";
import type { MailboxOwner, OrderedMailbox, UnorderedMailbox } from "../schedule/mailbox.js";
import type { PushForm } from "../session/push.js";
import type { Session } from "../session/session.js";
import type { MessageRate } from "./message-rate.js";
import type { ResumeSettings } from "./resume-options.js";
import type { Terms } from "./terms.js";

/** What goes with a session from one connection to the next. */
export interface SessionState {
  readonly session: Session;
  readonly pushForm: PushForm;
  readonly ordered: OrderedMailbox | undefined;
  readonly unordered: UnorderedMailbox | undefined;
  readonly rate: MessageRate | undefined;
  readonly limiters: RateLimiters | undefined;
  readonly overloads: Overloads | undefined;
}

/** The connection that has a session, or had it last: what a {@link Resumption} asks of it. */
export interface Bearer extends MailboxOwner {
  /** What the session's client is counted under: its network; undefined: it is not counted. */
  readonly network: string | undefined;
  /** The client is here again: if this connection still seems to work, it is given up. */
  giveWay(): void;
  /** Gives the session away, to the connection that has become the bearer. */
  handOver(): SessionState;
  /** Ends the session. */
  close(reason: NanowireError): void;
  succeeded(call: Call, value: unknown): void;
  refuse(id: MessageId, route: string, error: unknown, call?: Call): void;
}

/** Where sessions are kept that can be resumed. */
export interface Keeper {
  readonly clock: Clock;
  readonly settings: ResumeSettings;
  suspended(resumption: Resumption): void;
  resumed(resumption: Resumption): void;
  ended(resumption: Resumption): void;
}

/**
 * What a session has, from its handshake to its end, that outlives its connections: the secret by which its client comes back, what both sides have got,
 * and which connection has it.
 */
export class Resumption implements MailboxOwner {
  readonly token: string;
  /** How the client was spoken to when the session began: it has to be so again. */
  readonly terms: Terms;
  readonly delivery: Delivery;
  readonly #keeper: Keeper;
  #bearer: Bearer | undefined;
  /** The connection whose client has claimed the session and has not acknowledged yet. */
  #claimant: Bearer | undefined;
  /** Pushes that may give way to a newer one of their key, by that: they wait, and no client has seen them. */
  readonly #replaceable = new Map<string, Uint8Array>();
  #cancelGrace: CancelTimer | undefined;
  #state: "offered" | "borne" | "suspended" | "ended" = "offered";

  constructor(token: string, terms: Terms, keeper: Keeper) {
    this.token = token;
    this.terms = terms;
    this.delivery = new Delivery(keeper.settings);
    this.#keeper = keeper;
  }

  /** The connection that has the session, or had it last. */
  get bearer(): Bearer {
    return this.#bearer as Bearer;
  }

  get suspended(): boolean {
    return this.#state === "suspended";
  }

  /** What the client is told in the answer to its handshake. */
  get offer(): ResumeOffer {
    const { graceMs, maxMessages, maxBytes } = this.#keeper.settings;
    return { token: this.token, graceMs, maxMessages, maxBytes };
  }

  /** The session has begun. */
  begin(bearer: Bearer): void {
    this.#bearer = bearer;
    this.#state = "borne";
  }

  /** The connection broke. Should nobody come back, the session ends for that reason. */
  suspend(reason: NanowireError): void {
    this.#state = "suspended";
    // What waited in the outbox may have been written with the last of it.
    this.#replaceable.clear();
    this.#cancelGrace = this.#keeper.clock.after(this.#keeper.settings.graceMs, () => this.bearer.close(reason));
    this.#keeper.suspended(this);
  }

  /** A client has shown the token. The last one that did so is the one. */
  claim(claimant: Bearer): void {
    this.#claimant?.close(resumedElsewhere());
    this.#claimant = claimant;
  }

  /** The client has acknowledged: the session goes on with the claimant. */
  resume(claimant: Bearer): SessionState {
    const state = this.bearer.handOver();
    this.#replaceable.clear();
    this.#cancelGrace?.();
    this.#claimant = undefined;
    this.#bearer = claimant;
    this.#state = "borne";
    this.#keeper.resumed(this);
    return state;
  }

  /** A connection is gone that may be the claimant. */
  abandoned(claimant: Bearer): void {
    if (this.#claimant === claimant) {
      this.#claimant = undefined;
    }
  }

  /** The session is over. */
  end(reason: NanowireError): void {
    if (this.#state !== "ended") {
      this.#state = "ended";
      this.#cancelGrace?.();
      this.#keeper.ended(this);
      this.#claimant?.close(reason);
    }
  }

  /** A push waits that may give way to a newer one. */
  replaceable(key: string, packet: Uint8Array): void {
    this.#replaceable.set(key, packet);
  }

  /**
   * The push of a key that waits gives way to a newer one.
   *
   * @returns whether there was one
   */
  takeBack(key: string): boolean {
    const older = this.#replaceable.get(key);
    if (older !== undefined) {
      this.delivery.takeBack(older);
    }
    return older !== undefined;
  }

  /** Nothing waits any more: all was written. */
  allWritten(): void {
    this.#replaceable.clear();
  }

  /** The mailboxes go along from connection to connection; who has them now is told. */
  mailboxHasRoom(): void {
    this.#bearer?.mailboxHasRoom();
  }
}

/** Why a connection is closed whose client has another. */
export function resumedElsewhere(): NanowireError {
  return new NanowireError("connection_lost", "the client came back by another connection");
}
