// A hot file: one object a message that is forwarded, and no promise where no inbound step returns one.

import type { CallObserver, TraceContext } from "../base/call-observer.js";
import { NanowireError } from "../base/error.js";
import type { MessageId } from "../protocol/message.js";
import type { Mailbox, MailboxTask } from "../schedule/mailbox.js";
import type { CallData } from "../session/call-data.js";
import type { Session } from "../session/session.js";
import type { ForwardedEndpoint } from "./dispatcher.js";

/** What a call that is forwarded needs of the session that it came from. */
export interface Forwarder {
  readonly session: Session;
  /** Takes the message through the inbound steps. A promise is returned only when a step returned one. */
  beforeForward(call: ForwardCall): void | Promise<void>;
  /** Sends the call to a node that hosts its service. It is settled later; or at once, when there is none. */
  forward(call: ForwardCall): void;
  /** The node has answered. */
  forwarded(call: ForwardCall, payload: Uint8Array): void;
  /** A notify was handled. */
  handled(call: ForwardCall): void;
  /** The call failed, here or there: a request is answered with the error. */
  forwardFailed(call: ForwardCall, error: unknown): void;
}

/**
 * One request or notify on its way to another node. It has its turn in the session's order until it is sent, and no longer: a node that is slow holds up
 * nothing but what is sent to that node, where the order goes on. It is settled exactly once.
 */
export class ForwardCall implements MailboxTask {
  readonly endpoint: ForwardedEndpoint;
  /** Told what becomes of it. */
  readonly observer: CallObserver | undefined;
  /** 0 for a notify. */
  readonly id: MessageId;
  /** Whether the payload is a zlib stream. */
  readonly compressed: boolean;
  /** Whether it was sent, or is about to be: its turn in the session's order is over. */
  isAway = false;
  /** What it is known by at the node that it was sent to. */
  number = 0;
  /** Where the payload lies, until the call is sent. */
  payloadBytes: Uint8Array;
  payloadStart: number;
  payloadEnd: number;
  readonly #forwarder: Forwarder;
  #lent: boolean;
  #settled = false;
  #data: Partial<CallData> | undefined;

  /**
   * @param bytes what was read from the client, with the payload from `start` to `end`
   * @param lent whether they are written again: {@link own} is to be called before that
   */
  constructor(
    forwarder: Forwarder,
    endpoint: ForwardedEndpoint,
    id: MessageId,
    bytes: Uint8Array,
    start: number,
    end: number,
    lent: boolean,
    compressed: boolean,
  ) {
    this.#forwarder = forwarder;
    this.endpoint = endpoint;
    this.id = id;
    this.payloadBytes = bytes;
    this.payloadStart = start;
    this.payloadEnd = end;
    this.#lent = lent;
    this.compressed = compressed;
    this.observer = endpoint.observer?.came(forwarder.session, undefined);
  }

  /** Keeps what is still needed of bytes that are lent. */
  own(): void {
    if (this.#lent) {
      this.#lent = false;
      // A Buffer, which a transport may lend, has a slice() of its own, and that is no copy.
      this.payload = Uint8Array.prototype.slice.call(this.payloadBytes, this.payloadStart, this.payloadEnd);
    }
  }

  /** It was sent: nothing of the payload is needed any more. */
  sent(): void {
    this.#lent = false;
    this.payload = nothing;
  }

  /** The message's bytes; an inbound step may put others in their place. */
  get payload(): Uint8Array {
    this.own();
    return this.payloadBytes.subarray(this.payloadStart, this.payloadEnd);
  }

  set payload(payload: Uint8Array) {
    this.payloadBytes = payload;
    this.payloadStart = 0;
    this.payloadEnd = payload.length;
  }

  get session(): Session {
    return this.#forwarder.session;
  }

  get kind(): "request" | "notify" {
    return this.endpoint.method.kind;
  }

  get route(): string {
    return this.endpoint.method.route;
  }

  /** What steps keep for one another. */
  get data(): Partial<CallData> {
    this.#data ??= {};
    return this.#data;
  }

  start(mailbox: Mailbox): boolean {
    if (this.session.closed) {
      this.failed(new NanowireError("session_closed", "the session closed before its message was forwarded"));
      return true;
    }
    try {
      const trace = this.observer?.trace;
      const pending =
        trace === undefined
          ? this.#forwarder.beforeForward(this)
          : trace.run(() => this.#forwarder.beforeForward(this));
      if (pending === undefined) {
        this.#forwarder.forward(this);
        return true;
      }
      pending
        .then(() => this.#forwarder.forward(this))
        .catch((error: unknown) => this.failed(error))
        .then(() => mailbox.done());
      return false;
    } catch (error) {
      this.failed(error);
      return true;
    }
  }

  /** It goes to a node. Returns what goes with it, for the node to trace it further; undefined: nothing. */
  goesTo(node: string): TraceContext | undefined {
    return this.observer?.trace?.forward(node);
  }

  /** The node has answered. */
  answered(payload: Uint8Array): void {
    if (!this.#settled) {
      this.#settled = true;
      this.#forwarder.forwarded(this, payload);
      this.observer?.ended();
    }
  }

  /** The notify was handled. */
  handled(): void {
    if (!this.#settled) {
      this.#settled = true;
      this.#forwarder.handled(this);
      this.observer?.ended();
    }
  }

  /** It failed, here or there. */
  failed(error: unknown): void {
    if (!this.#settled) {
      this.#settled = true;
      this.#forwarder.forwardFailed(this, error);
      this.observer?.ended();
    }
  }

  /** Its session is over: nobody waits for what becomes of it. */
  forgotten(): void {
    if (!this.#settled) {
      this.#settled = true;
      this.observer?.failed("session_closed", undefined);
      this.observer?.ended();
    }
  }
}

const nothing = new Uint8Array(0);
