import type { CancelTimer, Clock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import type { ResumeOffer } from "../protocol/resume.js";
import type { Conversation, SessionKeeper } from "./conversation.js";
import { KeptMessages } from "./kept-messages.js";
import type { ResumeSettings } from "./resume-options.js";
import type { Terms } from "./terms.js";

/** A connection whose client has claimed a session. */
export interface Claimant {
  close(reason: NanowireError): void;
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
 * By what a session outlives its connections, from its handshake to its end: the secret by which its client comes back, what was sent to it and may
 * have to be sent again, and how long it is waited for.
 */
export class Resumption implements SessionKeeper {
  readonly token: string;
  /** How the client was spoken to when the session began: it has to be so again. */
  readonly terms: Terms;
  readonly kept: KeptMessages;
  readonly #keeper: Keeper;
  #conversation: Conversation | undefined;
  /** The connection whose client has claimed the session and has not acknowledged yet. */
  #claimant: Claimant | undefined;
  #cancelGrace: CancelTimer | undefined;
  #state: "offered" | "carried" | "suspended" | "ended" = "offered";

  constructor(token: string, terms: Terms, keeper: Keeper) {
    this.token = token;
    this.terms = terms;
    this.kept = new KeptMessages(keeper.settings);
    this.#keeper = keeper;
  }

  /** The session's messages; there are some from {@link begin} on. */
  get conversation(): Conversation {
    return this.#conversation as Conversation;
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
  begin(conversation: Conversation): void {
    this.#conversation = conversation;
    this.#state = "carried";
  }

  /** The connection broke. Should nobody come back, the session ends for that reason. */
  suspend(reason: NanowireError): void {
    this.#state = "suspended";
    const { clock, settings } = this.#keeper;
    this.#cancelGrace = clock.after(settings.graceMs, () => this.conversation.close(reason));
    this.#keeper.suspended(this);
  }

  /** A client has shown the token. The last one that did so is the one. */
  claim(claimant: Claimant): void {
    this.#claimant?.close(resumedElsewhere());
    this.#claimant = claimant;
  }

  /** The client has acknowledged: the session goes on with the claimant. */
  resume(): Conversation {
    this.#cancelGrace?.();
    this.#claimant = undefined;
    this.#state = "carried";
    this.#keeper.resumed(this);
    return this.conversation;
  }

  /** A connection is gone that may be the claimant. */
  abandoned(claimant: Claimant): void {
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
}

/** Why a connection is closed whose client has another. */
export function resumedElsewhere(): NanowireError {
  return new NanowireError("connection_lost", "the client came back by another connection");
}
