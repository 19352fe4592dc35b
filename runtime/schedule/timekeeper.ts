// A hot file: the clock is read once a wake, and one timer of the machine's serves them all.

import type { CancelTimer, Clock } from "../base/clock.js";
import { TimingWheel, type WheelEntry } from "./timing-wheel.js";

/**
 * Calls timers when they are due: a timing wheel, and one timer of the clock, which is set for the next tick at which
 * something waits. While nothing waits it costs nothing. A timer is never early, and late by a tick at the most when nothing else holds
 * up the process.
 *
 * After a stall everything that fell due is called in its order. Where that takes long, what the process has to do
 * besides is done in between.
 */
export class Timekeeper {
  readonly #clock: Clock;
  readonly #precisionMs: number;
  readonly #wheel = new TimingWheel();
  /** The time of tick 0. */
  readonly #beginMs: number;
  #lastId = 0;
  /** The tick that the clock was asked to wake us at. */
  #alarmTick = Number.POSITIVE_INFINITY;
  #cancelAlarm: CancelTimer | undefined;
  /** The time of the wake that is under way. */
  #wokeAt: number | undefined;
  #callsUntilLook = callsALook;
  readonly #wake = (): void => this.#advance();
  readonly #goOn = (): boolean => this.#hasTime();

  /** @param precisionMs how long a tick is, in whole milliseconds */
  constructor(clock: Clock, precisionMs: number) {
    this.#clock = clock;
    this.#precisionMs = precisionMs;
    this.#beginMs = clock.steady();
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#wheel.size;
  }

  /** A number that no timer here has had. */
  nextId(): number {
    return ++this.#lastId;
  }

  /** Milliseconds of the clock's steady time; while timers are called, the time at which that began. */
  now(): number {
    return this.#wokeAt ?? this.#clock.steady();
  }

  /** Has a timer called at a time of the clock's {@link Clock.steady}; at the next tick when that is over. */
  set(timer: WheelEntry, atMs: number): void {
    this.#wheel.set(timer, this.#tickOf(atMs));
    this.#wakeFor(timer);
  }

  /** Has a timer that was called called again, at a later time than before; at once when that is over, too. */
  setAgain(timer: WheelEntry, atMs: number): void {
    this.#wheel.setAgain(timer, this.#tickOf(atMs));
    this.#wakeFor(timer);
  }

  /** Has a timer not called; one that does not wait is left alone. */
  remove(timer: WheelEntry): void {
    this.#wheel.remove(timer);
    if (this.#wheel.size === 0) {
      this.#clearAlarm();
    }
  }

  #tickOf(ms: number): number {
    return Math.ceil((ms - this.#beginMs) / this.#precisionMs - rounding);
  }

  #wakeFor({ dueTick }: WheelEntry): void {
    if (this.#wokeAt === undefined && dueTick < this.#alarmTick) {
      this.#setAlarm(dueTick);
    }
  }

  #advance(): void {
    this.#alarmTick = Number.POSITIVE_INFINITY;
    this.#cancelAlarm = undefined;
    this.#wokeAt = this.#clock.steady();
    this.#callsUntilLook = callsALook;
    try {
      this.#wheel.advance(Math.floor((this.#wokeAt - this.#beginMs) / this.#precisionMs), this.#goOn);
    } finally {
      this.#wokeAt = undefined;
      const next = this.#wheel.next();
      if (next !== undefined) {
        this.#setAlarm(next);
      }
    }
  }

  #hasTime(): boolean {
    if (--this.#callsUntilLook > 0) {
      return true;
    }
    this.#callsUntilLook = callsALook;
    return this.#clock.steady() - (this.#wokeAt ?? 0) < longestWakeMs;
  }

  #setAlarm(tick: number): void {
    this.#cancelAlarm?.();
    this.#alarmTick = tick;
    const waitMs = this.#beginMs + tick * this.#precisionMs - this.#clock.steady();
    this.#cancelAlarm = this.#clock.after(Math.max(0, Math.ceil(waitMs)), this.#wake);
  }

  #clearAlarm(): void {
    this.#cancelAlarm?.();
    this.#cancelAlarm = undefined;
    this.#alarmTick = Number.POSITIVE_INFINITY;
  }
}

/** How many timers are called between two looks at the clock. */
const callsALook = 64;

/** How long timers are called without a break for what else the process has to do. */
const longestWakeMs = 10;

/** A sixtieth of a second, taken 216,000 times, is an hour and a little: not so much is a tick's worth. */
const rounding = 1e-6;
