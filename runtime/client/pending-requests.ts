// A hot file: every request passes it. One object a request, and one timer for all of them.

import type { CancelTimer, Clock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import type { MessageId } from "../protocol/message.js";
import { maxRequestId } from "./limits.js";
import type { ClientMethod } from "./method.js";

const never = Number.POSITIVE_INFINITY;

/** The requests of a connection that have no answer yet. Each is settled exactly once, and forgotten then. */
export class PendingRequests {
  readonly #clock: Clock;
  readonly #requests = new Map<MessageId, Settleable>();
  #lastId: number;
  /** When the timer runs out; Infinity when there is none. */
  #timerAt = never;
  #cancelTimer: CancelTimer | undefined;
  readonly #onTimer = (): void => this.#sweep();

  /** @param lastId the first id is the one after it */
  constructor(clock: Clock, lastId = 0) {
    this.#clock = clock;
    this.#lastId = lastId;
  }

  /** How many there are. */
  get size(): number {
    return this.#requests.size;
  }

  /** An id that no request has. Ids stay below 2^31: a pomelo server keeps them in 32 bits. */
  nextId(): number {
    do {
      this.#lastId = this.#lastId < maxRequestId ? this.#lastId + 1 : 1;
    } while (this.#requests.has(this.#lastId));
    return this.#lastId;
  }

  /**
   * Takes a request in, as it is sent.
   *
   * @param timeoutMs 0: for ever
   * @param sent false: it waits for a connection, until {@link send}
   */
  add<Res>(
    id: number,
    method: Answered<Res>,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    resolve: (response: Res) => void,
    reject: (error: NanowireError) => void,
    sent = true,
  ): void {
    const now = this.#clock.steady();
    const deadline = timeoutMs === 0 ? never : now + timeoutMs;
    const request = new PendingRequest(this, id, method, timeoutMs, deadline, signal, resolve, reject);
    if (sent) {
      request.sentAt = now;
    }
    this.#requests.set(id, request);
    if (deadline < this.#timerAt) {
      this.#arm(deadline, now);
    }
  }

  /** Takes a request out, to be settled by the caller; undefined when there is none with that id (any more). */
  take(id: MessageId): Settleable | undefined {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    return request;
  }

  /** Whether a request still waits for its answer. */
  has(id: MessageId): boolean {
    return this.#requests.has(id);
  }

  /** A request that waited is sent now. */
  send(id: MessageId): void {
    const request = this.#requests.get(id);
    if (request !== undefined) {
      request.sentAt = this.#clock.steady();
    }
  }

  /**
   * Rejects those that were sent, because their connection ended for `reason`: their answers cannot come any more.
   *
   * @param waiting whether those that wait for a connection are rejected, too
   */
  lose(reason: NanowireError, waiting = false): void {
    for (const [id, request] of this.#requests) {
      if (waiting || request.sentAt !== undefined) {
        this.#requests.delete(id);
        const message = `the connection was closed before ${request.route} was answered: ${reason.message}`;
        request.reject(new NanowireError("unavailable", message, { cause: reason }));
      }
    }
  }

  /** Rejects all, because there will be no connection any more. */
  close(reason: NanowireError): void {
    this.#cancelTimer?.();
    this.lose(reason, true);
  }

  #arm(deadline: number, now: number): void {
    this.#cancelTimer?.();
    this.#timerAt = deadline;
    this.#cancelTimer = this.#clock.after(Math.max(deadline - now, 1), this.#onTimer);
  }

  /** Rejects those whose time is over, and sets the timer for the next. */
  #sweep(): void {
    const now = this.#clock.steady();
    let next = never;
    for (const [id, request] of this.#requests) {
      if (request.deadline <= now) {
        this.#requests.delete(id);
        const message = `no answer to ${request.route} came within ${request.timeoutMs} ms`;
        request.reject(new NanowireError("deadline_exceeded", message));
      } else if (request.deadline < next) {
        next = request.deadline;
      }
    }
    this.#timerAt = never;
    if (next < never) {
      this.#arm(next, now);
    }
  }
}

/** A request whose answer is awaited. It is settled by one call, of either method. */
export interface Settleable {
  readonly route: string;
  /** 0: for ever. */
  readonly timeoutMs: number;
  /** By the clock's steady time; Infinity when there is none. */
  readonly deadline: number;
  /** When it was sent, by the clock's steady time; undefined while it waits for a connection. */
  sentAt: number | undefined;
  /** The answer came. A payload that is no message of the method's type rejects with `invalid_response`. */
  answer(payload: Uint8Array): void;
  reject(error: NanowireError): void;
}

/** The error of a call that was given up. */
export function canceled(what: string, signal: AbortSignal): NanowireError {
  return new NanowireError("canceled", `${what} was given up`, { cause: signal.reason });
}

/** What is kept of a method until its answer comes. */
type Answered<Res> = Pick<ClientMethod<unknown, Res>, "route" | "response">;

/** It listens to its signal itself: no closure is made for that. */
class PendingRequest<Res> implements Settleable {
  readonly timeoutMs: number;
  readonly deadline: number;
  sentAt: number | undefined;
  readonly #owner: PendingRequests;
  readonly #id: number;
  readonly #method: Answered<Res>;
  readonly #signal: AbortSignal | undefined;
  readonly #resolve: (response: Res) => void;
  readonly #reject: (error: NanowireError) => void;

  constructor(
    owner: PendingRequests,
    id: number,
    method: Answered<Res>,
    timeoutMs: number,
    deadline: number,
    signal: AbortSignal | undefined,
    resolve: (response: Res) => void,
    reject: (error: NanowireError) => void,
  ) {
    this.timeoutMs = timeoutMs;
    this.deadline = deadline;
    this.#owner = owner;
    this.#id = id;
    this.#method = method;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    signal?.addEventListener("abort", this);
  }

  get route(): string {
    return this.#method.route;
  }

  answer(payload: Uint8Array): void {
    let response: Res;
    try {
      response = this.#method.response.decode(payload);
    } catch (error) {
      const message = `the answer to ${this.route}, ${payload.length} bytes, is no message of its type`;
      this.reject(new NanowireError("invalid_response", message, { cause: error }));
      return;
    }
    this.#signal?.removeEventListener("abort", this);
    this.#resolve(response);
  }

  reject(error: NanowireError): void {
    this.#signal?.removeEventListener("abort", this);
    this.#reject(error);
  }

  /** The signal was aborted. */
  handleEvent(): void {
    this.#owner.take(this.#id);
    this.reject(canceled(this.route, this.#signal as AbortSignal));
  }
}
