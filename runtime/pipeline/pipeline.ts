import { assertFunction } from "../base/assert-options.js";
import type { Awaitable } from "../base/awaitable.js";
import { isPromise } from "../base/awaitable.js";
import type { NanowireError } from "../base/error.js";
import type { CallData } from "../session/call-data.js";
import type { Session } from "../session/session.js";

/** A message from a client, before it is decoded. */
export interface InboundMessage {
  /** Whether it is to be answered. */
  readonly kind: "request" | "notify";
  /** What is called: `Room.Join`. */
  readonly route: string;
  /** The message's bytes; a step may put others in their place. */
  payload: Uint8Array;
  /** What steps and hooks keep for one another about this message. It starts empty. */
  readonly data: Partial<CallData>;
}

/** A message to a client, after it was encoded. */
export interface OutboundMessage {
  /** Whether it answers a request, or was pushed. */
  readonly kind: "response" | "push";
  /** What is answered, or the push's own. */
  readonly route: string;
  /** The error of a response that is one. */
  readonly error: NanowireError | undefined;
  /** The message's bytes; a step may put others in their place, but may not write into them. */
  payload: Uint8Array;
  /** Of a response: what steps and hooks have kept of its call. Of a push, and of an answer to what reached no handler: empty at first. */
  readonly data: Partial<CallData>;
}

/**
 * Sees every message of a client in the session's order, before its handler. An error that it throws is the answer to the
 * request; the handler is not called.
 */
export type InboundStep = (session: Session, message: InboundMessage) => Awaitable<void>;

/**
 * Sees every response and push of a session on its way out. It cannot wait: the order of what goes out is that of what was
 * sent. An error that it throws takes a response's place; a push is dropped, and logged.
 */
export type OutboundStep = (session: Session, message: OutboundMessage) => void;

/**
 * Steps that messages go through, in their order. They are added before the server starts.
 *
 * @typeParam Step {@link InboundStep} or {@link OutboundStep}
 */
export class Pipeline<Step> {
  #steps: readonly Step[] = [];

  /** The steps, first to last. */
  get steps(): readonly Step[] {
    return this.#steps;
  }

  /**
   * Adds a step before all others.
   *
   * @throws NanowireError `invalid_option` for what is no function
   */
  pushFront(step: Step): this {
    assertFunction("step", step);
    this.#steps = [step, ...this.#steps];
    return this;
  }

  /**
   * Adds a step after all others.
   *
   * @throws NanowireError `invalid_option` for what is no function
   */
  pushBack(step: Step): this {
    assertFunction("step", step);
    this.#steps = [...this.#steps, step];
    return this;
  }
}

/** Takes a message through inbound steps. A promise is returned only when a step returned one. */
export function runInbound(steps: readonly InboundStep[], session: Session, message: InboundMessage): Awaitable<void> {
  for (let index = 0; index < steps.length; index++) {
    const result = (steps[index] as InboundStep)(session, message);
    if (isPromise(result)) {
      return runRest(steps, index + 1, result, session, message);
    }
  }
}

async function runRest(
  steps: readonly InboundStep[],
  next: number,
  pending: Promise<unknown>,
  session: Session,
  message: InboundMessage,
): Promise<void> {
  await pending;
  for (const step of steps.slice(next)) {
    await step(session, message);
  }
}

/** Takes a message through outbound steps. */
export function runOutbound(steps: readonly OutboundStep[], session: Session, message: OutboundMessage): void {
  for (const step of steps) {
    step(session, message);
  }
}
