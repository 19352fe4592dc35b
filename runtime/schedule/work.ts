// A hot file: no closure, no promise and no timer for a function that returns no promise.

import { isPromise } from "../base/awaitable.js";
import type { CancelTimer, Clock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import type { Mailbox } from "./mailbox.js";

/** A function of the application's that the runtime calls by itself: a task, a timer. Nobody waits for what it returns. */
export interface Work {
  /** Whether its place counts it as under way from before its call; if not, only while a promise is waited for. */
  readonly counted: boolean;
  /** Calls the function. */
  call(): unknown;
  /** The call is over: the function has returned, or what it promised is settled. */
  settled(): void;
}

/** Where work is done. */
export interface WorkPlace {
  readonly clock: Clock;
  /** Milliseconds after which others need not wait for it any more; 0: they always do. */
  readonly timeoutMs: number;
  /** Whether the stop of the whole was called for, since this was last set to false. */
  stopCalled: boolean;
  /** It threw, its promise was rejected, or it took too long. */
  failed(work: Work, error: unknown): void;
  /** Work is under way. */
  began(): void;
  /** It is done, or its time is over. */
  ended(): void;
}

/**
 * Does work. Whatever it throws is told to its place, and no one else.
 *
 * @param mailbox told when the work is done, if it is not done at once, or when its time is over
 * @returns whether it is done
 */
export function perform(work: Work, place: WorkPlace, mailbox: Mailbox | undefined): boolean {
  try {
    place.stopCalled = false;
    const result = work.call();
    if (isPromise(result)) {
      new PromisedWork(work, place, mailbox).await(result);
      return false;
    }
  } catch (error) {
    place.failed(work, error);
  }
  work.settled();
  if (work.counted) {
    place.ended();
  }
  return true;
}

/** Work whose promise is waited for. */
class PromisedWork {
  readonly #work: Work;
  readonly #place: WorkPlace;
  readonly #mailbox: Mailbox | undefined;
  #released = false;
  #cancelTimeout: CancelTimer | undefined;

  constructor(work: Work, place: WorkPlace, mailbox: Mailbox | undefined) {
    this.#work = work;
    this.#place = place;
    this.#mailbox = mailbox;
  }

  await(promise: Promise<unknown>): void {
    const { clock, timeoutMs, stopCalled } = this.#place;
    if (!this.#work.counted) {
      this.#place.began();
    }
    if (stopCalled) {
      // It may wait for the stop, which would wait for it, and for what waits behind it.
      queueMicrotask(() => this.#release());
    } else if (timeoutMs > 0) {
      this.#cancelTimeout = clock.after(timeoutMs, () => this.#timeOut());
    }
    // A thenable that is no promise may call back at once, twice, or throw.
    Promise.resolve(promise).then(
      () => this.#settle(),
      (error: unknown) => {
        this.#place.failed(this.#work, error);
        this.#settle();
      },
    );
  }

  #timeOut(): void {
    const { timeoutMs } = this.#place;
    this.#place.failed(this.#work, new NanowireError("deadline_exceeded", `it took longer than ${timeoutMs} ms`));
    this.#release();
  }

  #settle(): void {
    this.#cancelTimeout?.();
    this.#work.settled();
    this.#release();
  }

  /** Those who wait go on. */
  #release(): void {
    if (!this.#released) {
      this.#released = true;
      this.#place.ended();
      this.#mailbox?.done();
    }
  }
}
