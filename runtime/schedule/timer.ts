// A hot file: one object a timer, and nothing else is made when it is called and returns no promise.

import type { Mailbox, MailboxTask } from "./mailbox.js";
import type { Timekeeper } from "./timekeeper.js";
import { WheelEntry } from "./timing-wheel.js";
import { perform, type Work, type WorkPlace } from "./work.js";

/** Something that is called at its times. A scheduler or a queue makes it, and it stops with that. */
export interface Timer {
  /** A number that no other timer of the same server has while the server runs. */
  readonly id: number;
  /** How often it was called. */
  readonly calls: number;
  /** How many ticks had no call of their own: one call made up for several. */
  readonly missed: number;
  /** Whether it is over: it was stopped, was called as often as it was to be, or what it belongs to is closed. */
  readonly stopped: boolean;
  /** Ends it. A call that is under way goes on to its end. Calling it again does nothing. */
  stop(): void;
}

/** Where a timer is called: in the main loop, or in a queue. */
export interface TimerPlace extends WorkPlace {
  readonly timekeeper: Timekeeper;
  /** Where it waits for its turn; undefined: it need not. */
  readonly mailbox: Mailbox | undefined;
  /** It is over. */
  forget(timer: ScheduledTimer): void;
}

/**
 * A timer waits on the wheel, then for its turn where it has a queue, then for its own promise, and only then on the wheel
 * again: it never overlaps itself, and is in one place at a time. Its ticks are reckoned from when it was made, and so do
 * not drift.
 */
export class ScheduledTimer extends WheelEntry implements Timer, Work, MailboxTask {
  readonly id: number;
  calls = 0;
  missed = 0;
  stopped = false;
  protected readonly place: TimerPlace;
  readonly #task: (timer: Timer) => unknown;
  readonly #periodMs: number;
  readonly #mostCalls: number;
  readonly #mostAtOnce: number;
  readonly #madeAtMs: number;
  /** How many of its ticks are over. */
  #ticks = 0;

  /**
   * @param periodMs between ticks; the first comes so long after the timer is made
   * @param mostCalls after so many it is over
   * @param mostAtOnce how many calls make up, at the most, for ticks that are due at the same time
   */
  constructor(
    place: TimerPlace,
    periodMs: number,
    mostCalls: number,
    mostAtOnce: number,
    task: (timer: Timer) => unknown,
  ) {
    super();
    this.place = place;
    this.id = place.timekeeper.nextId();
    this.#periodMs = periodMs;
    this.#mostCalls = mostCalls;
    this.#mostAtOnce = mostAtOnce;
    this.#task = task;
    this.#madeAtMs = place.clock.steady();
    place.timekeeper.set(this, this.#nextAtMs());
  }

  stop(): void {
    if (!this.stopped) {
      this.stopped = true;
      this.place.timekeeper.remove(this);
      this.place.forget(this);
    }
  }

  expired(): void {
    const { mailbox } = this.place;
    if (mailbox === undefined) {
      perform(this, this.place, undefined);
    } else {
      mailbox.post(this);
    }
  }

  start(mailbox: Mailbox): boolean {
    // It may have been stopped while it waited for its turn.
    return this.stopped || perform(this, this.place, mailbox);
  }

  call(): unknown {
    const passed = Math.floor((this.place.timekeeper.now() - this.#madeAtMs) / this.#periodMs);
    const skipped = passed - this.#ticks - this.#mostAtOnce;
    if (skipped > 0 && this.#mostCalls > 1) {
      this.missed += skipped;
      this.#ticks += skipped;
    }
    this.#ticks++;
    return this.due();
  }

  /** It is under way only while its promise is waited for. */
  get counted(): boolean {
    return false;
  }

  /** A tick is due. */
  protected due(): unknown {
    this.calls++;
    return this.#task(this);
  }

  settled(): void {
    if (this.calls >= this.#mostCalls) {
      this.stop();
    }
    if (!this.stopped) {
      this.place.timekeeper.setAgain(this, this.#nextAtMs());
    }
  }

  #nextAtMs(): number {
    return this.#madeAtMs + this.#periodMs * (this.#ticks + 1);
  }
}

/** A timer that looks whether a condition holds, and is called each time that it has come to hold. */
export class ConditionTimer extends ScheduledTimer {
  readonly #condition: () => boolean;
  #held = false;

  constructor(place: TimerPlace, periodMs: number, condition: () => boolean, task: (timer: Timer) => unknown) {
    super(place, periodMs, Number.POSITIVE_INFINITY, 1, task);
    this.#condition = condition;
  }

  protected override due(): unknown {
    const held = this.#held;
    this.#held = this.#condition();
    return this.#held && !held ? super.due() : undefined;
  }
}
