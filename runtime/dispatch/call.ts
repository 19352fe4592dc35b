// A hot file: one object a message, and no promise, timer or closure for a handler that returns no promise.

import { isPromise } from "../base/awaitable.js";
import type { CancelTimer, Clock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import type { MessageId } from "../protocol/message.js";
import type { Session } from "../session/session.js";
import type { Endpoint } from "./dispatcher.js";
import { callHooked } from "./hook-chain.js";
import type { Mailbox, MailboxTask } from "./mailbox.js";

/** What a call needs of the connection that it came from. */
export interface Caller {
  readonly session: Session;
  readonly clock: Clock;
  /** Takes the message through the inbound steps. A promise is returned only when a step returned one. */
  inbound(call: Call): void | Promise<void>;
  /** Decodes the payload. */
  decode(call: Call): unknown;
  /** The handler is done: a request is answered with its value. */
  succeeded(call: Call, value: unknown): void;
  /** The call failed: a request is answered with the error. */
  failed(call: Call, error: unknown): void;
}

/** One request or notify on its way through a component. It is settled exactly once, whatever its handler does. */
export class Call implements MailboxTask {
  readonly endpoint: Endpoint;
  /** 0 for a notify. */
  readonly id: MessageId;
  /** The message's bytes; an inbound step may put others in their place. */
  payload: Uint8Array;
  /** Whether the client compressed the payload. */
  readonly compressed: boolean;
  readonly #caller: Caller;
  #settled = false;
  #cancelTimeout: CancelTimer | undefined;
  /** The mailbox to tell when it is settled later; the session's own while it also waits in the component's. */
  #mailbox: Mailbox | undefined;
  #sessionMailbox: Mailbox | undefined;

  constructor(caller: Caller, endpoint: Endpoint, id: MessageId, payload: Uint8Array, compressed: boolean) {
    this.#caller = caller;
    this.endpoint = endpoint;
    this.id = id;
    this.payload = payload;
    this.compressed = compressed;
  }

  get session(): Session {
    return this.#caller.session;
  }

  get kind(): "request" | "notify" {
    return this.endpoint.method.kind;
  }

  get route(): string {
    return this.endpoint.method.route;
  }

  start(mailbox: Mailbox): boolean {
    const { mailbox: componentMailbox } = this.endpoint;
    if (componentMailbox !== undefined && mailbox !== componentMailbox) {
      // One of the session at a time, and one of the component: it keeps its place in both.
      componentMailbox.post(this);
      if (!this.#settled) {
        this.#sessionMailbox = mailbox;
      }
      return this.#settled;
    }
    this.#run();
    if (!this.#settled) {
      this.#mailbox = mailbox;
    }
    return this.#settled;
  }

  #run(): void {
    if (this.session.closed) {
      this.#fail(new NanowireError("session_closed", "the session closed before its message was handled"));
      return;
    }
    const { method, timeoutMs } = this.endpoint;
    if (method.boundOnly === true && !this.session.bound) {
      this.#fail(new NanowireError("unauthenticated", `${method.route} is for bound sessions only`));
      return;
    }
    try {
      const pending = this.#caller.inbound(this);
      const result =
        pending === undefined ? this.#invoke() : pending.then(() => (this.#settled ? undefined : this.#invoke()));
      if (!isPromise(result)) {
        this.#succeed(result);
        return;
      }
      result.then(
        (value) => this.#succeed(value),
        (error: unknown) => this.#fail(error),
      );
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (timeoutMs > 0 && !this.#settled) {
      this.#cancelTimeout = this.#caller.clock.after(timeoutMs, () => this.#timeOut());
    }
  }

  #invoke(): unknown {
    const { method, component, hooks } = this.endpoint;
    const request = this.#caller.decode(this);
    return hooks === undefined
      ? method.invoke(component, this.session, request)
      : callHooked(hooks, { session: this.session, route: this.route, kind: this.kind, request, data: {} }, (message) =>
          method.invoke(component, this.session, message),
        );
  }

  #timeOut(): void {
    const { method, timeoutMs } = this.endpoint;
    this.#fail(new NanowireError("deadline_exceeded", `${method.route} took longer than ${timeoutMs} ms`));
  }

  #succeed(value: unknown): void {
    if (!this.#settled) {
      this.#settled = true;
      this.#caller.succeeded(this, value);
      this.#finish();
    }
  }

  #fail(error: unknown): void {
    if (!this.#settled) {
      this.#settled = true;
      this.#caller.failed(this, error);
      this.#finish();
    }
  }

  /** Lets the next one begin, where this one was not done at once. */
  #finish(): void {
    this.#cancelTimeout?.();
    this.#mailbox?.done();
    this.#sessionMailbox?.done();
  }
}
