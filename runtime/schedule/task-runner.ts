import { assertFunction, assertOptions } from "../base/assert-options.js";
import type { Clock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import { inRange, whole } from "../base/limits.js";
import type { EndOfTurn } from "../base/turn.js";
import { longestMs, period } from "./limits.js";
import type { Mailbox, MailboxTask, OrderedMailbox } from "./mailbox.js";
import type { SharedSchedule } from "./shared-schedule.js";
import { ScheduledLoop, type TickLoop, type TickTask } from "./tick-loop.js";
import type { Timekeeper } from "./timekeeper.js";
import { ConditionTimer, ScheduledTimer, type Timer, type TimerPlace } from "./timer.js";
import { perform, type Work } from "./work.js";

/**
 * What is done about ticks that passed while the process, or the timer's own function, was busy.
 * - `one`: one call makes up for all of them; the next comes at its own time.
 * - `each`: a call for each, one after another.
 */
export type CatchUp = "one" | "each";

/** How a timer is called again and again. */
export interface TimerOptions {
  /** What is done about ticks that passed unused. Default: `one` */
  readonly catchUp?: CatchUp;
}

/** How a condition is looked at. */
export interface ConditionOptions {
  /** Milliseconds between two looks. 1 to 315,360,000,000 (ten years). Default: 100 */
  readonly checkMs?: number;
}

/** How a loop keeps up. */
export interface LoopOptions {
  /** How many steps may follow each other at once to make up for lost time; what is lost beyond is given up. 1 to 1,000. Default: 5 */
  readonly maxCatchUpSteps?: number;
}

/** What the maker of a runner says of it. */
export interface RunnerSettings {
  readonly kind: "queue" | "scheduler";
  /** For logs and errors. */
  readonly name: string;
  /** Tasks and timers wait here for their turn; undefined: each is called when it comes. */
  readonly mailbox: OrderedMailbox | undefined;
  /** How much may wait in the mailbox before it takes no more tasks. */
  readonly maxLength: number;
  /** Milliseconds after which the next need not wait for a promise any more; 0: it always does. */
  readonly timeoutMs: number;
}

/**
 * Runs tasks and timers: what a scheduler and a queue have in common. What they call may return a promise, which is waited
 * for. What throws, or whose promise is rejected, is logged and counted (`server.counters.failedTasks`), and does no harm to anything else.
 */
export abstract class TaskRunner {
  /** For logs and errors. */
  readonly name: string;
  /** @internal */
  readonly mailbox: OrderedMailbox | undefined;
  protected readonly shared: SharedSchedule;
  readonly #kind: RunnerSettings["kind"];
  readonly #place: RunnerPlace;
  readonly #maxLength: number;
  #closed = false;

  /** @internal A server makes the first, that the others. */
  constructor(shared: SharedSchedule, { kind, name, mailbox, maxLength, timeoutMs }: RunnerSettings) {
    this.#kind = kind;
    this.name = name;
    this.mailbox = mailbox;
    this.shared = shared;
    this.#place = new RunnerPlace(name, shared, mailbox, timeoutMs);
    this.#maxLength = maxLength;
  }

  /** Whether it takes no more tasks and timers. */
  get closed(): boolean {
    return this.#closed;
  }

  /** How many timers are set. */
  get timerCount(): number {
    return this.#place.timers.size;
  }

  /**
   * Has a task called soon: in the next turn of the event loop, or, where there is an order, when it is its turn. It is never
   * called before `run` returns.
   *
   * @throws NanowireError `scheduler_closed`; `queue_full` when as much waits as may; `invalid_option` for what is no function
   */
  run(task: () => unknown): void {
    this.assertOpen();
    assertFunction("task", task);
    const { mailbox } = this;
    if (mailbox === undefined) {
      this.shared.host.turn.next(new Task(task, this.#place));
    } else if (mailbox.length < this.#maxLength) {
      mailbox.postLater(new Task(task, this.#place));
    } else {
      const limit = `${mailbox.length} wait in it, and maxLength is ${this.#maxLength}`;
      throw new NanowireError("queue_full", `${this.#kind} ${this.name} is full: ${limit}`);
    }
  }

  /**
   * Calls a function every `ms` milliseconds, for the first time after `ms`. It never overlaps itself: while its promise is not
   * settled, its ticks pass unused.
   *
   * @param ms 1 to 315,360,000,000 (ten years); fractions are kept: 1,000 / 60 is sixty times a second
   * @throws NanowireError `scheduler_closed`, `invalid_option`
   */
  every(ms: number, task: (timer: Timer) => unknown, options: TimerOptions = {}): Timer {
    return this.#repeat(period("ms", ms), Number.POSITIVE_INFINITY, task, options);
  }

  /**
   * Calls a function once, after `ms` milliseconds.
   *
   * @param ms 0 to 315,360,000,000 (ten years)
   * @throws NanowireError `scheduler_closed`, `invalid_option`
   */
  after(ms: number, task: (timer: Timer) => unknown): Timer {
    this.assertOpen();
    assertFunction("task", task);
    return this.#keep(new ScheduledTimer(this.#place, inRange("ms", ms, 0, longestMs), 1, 1, task));
  }

  /**
   * Calls a function `count` times, every `ms` milliseconds, for the first time after `ms`. Ticks that pass unused are not
   * counted: it is called so often all the same.
   *
   * @param ms 1 to 315,360,000,000 (ten years)
   * @param count a whole number, 1 or more
   * @throws NanowireError `scheduler_closed`, `invalid_option`
   */
  times(ms: number, count: number, task: (timer: Timer) => unknown, options: TimerOptions = {}): Timer {
    return this.#repeat(period("ms", ms), whole("count", count, 1, Number.MAX_SAFE_INTEGER), task, options);
  }

  /**
   * Looks every `checkMs` whether a condition holds, and calls a function each time that it has come to hold: once, and again
   * only when it did not hold in between. Stop the timer in the function to be called once and never again. A condition that throws is
   * logged and counted like the function, and is looked at again.
   *
   * @throws NanowireError `scheduler_closed`, `invalid_option`
   */
  when(condition: () => boolean, task: (timer: Timer) => unknown, options: ConditionOptions = {}): Timer {
    this.assertOpen();
    assertFunction("condition", condition);
    assertFunction("task", task);
    assertOptions("", options, { checkMs: "checked" });
    const { checkMs = 100 } = options;
    return this.#keep(new ConditionTimer(this.#place, period("checkMs", checkMs), condition, task));
  }

  /**
   * Calls a function in steps of a fixed length, as a game's world wants it. A loop that falls behind makes up for it with
   * several steps at once, `maxCatchUpSteps` at the most; what is lost beyond that is given up and counted as `missed`, so that
   * a loop whose steps take too long never falls behind more and more.
   *
   * @param stepMs 1 to 315,360,000,000 (ten years); fractions are kept: 1,000 / 60 is sixty times a second
   * @throws NanowireError `scheduler_closed`, `invalid_option`
   */
  loop(stepMs: number, task: TickTask, options: LoopOptions = {}): TickLoop {
    this.assertOpen();
    assertFunction("task", task);
    assertOptions("", options, { maxCatchUpSteps: "checked" });
    const { maxCatchUpSteps = 5 } = options;
    const mostAtOnce = whole("maxCatchUpSteps", maxCatchUpSteps, 1, 1_000);
    return this.#keep(new ScheduledLoop(this.#place, period("stepMs", stepMs), mostAtOnce, task));
  }

  /** Takes no more tasks and timers, and stops its timers. What waits or runs goes on to its end. */
  protected end(): void {
    this.#closed = true;
    for (const timer of this.#place.timers) {
      timer.stop();
    }
  }

  /** @throws NanowireError `scheduler_closed` */
  protected assertOpen(): void {
    if (this.#closed) {
      throw new NanowireError("scheduler_closed", `${this.#kind} ${this.name} is closed`);
    }
  }

  #repeat(periodMs: number, mostCalls: number, task: (timer: Timer) => unknown, options: TimerOptions): Timer {
    this.assertOpen();
    assertFunction("task", task);
    assertOptions("", options, { catchUp: "checked" });
    const { catchUp = "one" } = options;
    if (catchUp !== "one" && catchUp !== "each") {
      throw new NanowireError("invalid_option", `catchUp ${String(catchUp)} is not one or each`);
    }
    const mostAtOnce = catchUp === "one" ? 1 : Number.POSITIVE_INFINITY;
    return this.#keep(new ScheduledTimer(this.#place, periodMs, mostCalls, mostAtOnce, task));
  }

  #keep<T extends ScheduledTimer>(timer: T): T {
    this.#place.timers.add(timer);
    return timer;
  }
}

/** Where the tasks and timers of one runner are called. */
class RunnerPlace implements TimerPlace {
  readonly timers = new Set<ScheduledTimer>();
  readonly clock: Clock;
  readonly timekeeper: Timekeeper;
  readonly mailbox: Mailbox | undefined;
  readonly timeoutMs: number;
  readonly #name: string;
  readonly #shared: SharedSchedule;

  constructor(name: string, shared: SharedSchedule, mailbox: Mailbox | undefined, timeoutMs: number) {
    this.#name = name;
    this.#shared = shared;
    this.clock = shared.host.clock;
    this.timekeeper = shared.timekeeper;
    this.mailbox = mailbox;
    this.timeoutMs = timeoutMs;
  }

  failed(work: Work, error: unknown): void {
    const { host } = this.#shared;
    const timer = work instanceof ScheduledTimer ? work.id : undefined;
    host.logger.error(
      { scheduler: this.#name, timer, error },
      timer === undefined ? "a task failed" : "a timer failed",
    );
    host.taskFailed();
  }

  get stopCalled(): boolean {
    return this.#shared.stopCalled;
  }

  set stopCalled(stopCalled: boolean) {
    this.#shared.stopCalled = stopCalled;
  }

  began(): void {
    this.#shared.began();
  }

  ended(): void {
    this.#shared.ended();
  }

  forget(timer: ScheduledTimer): void {
    this.timers.delete(timer);
  }
}

/** A function that is called once, soon. */
class Task implements Work, MailboxTask, EndOfTurn {
  readonly counted = true;
  readonly #task: () => unknown;
  readonly #place: RunnerPlace;

  constructor(task: () => unknown, place: RunnerPlace) {
    this.#task = task;
    this.#place = place;
    place.began();
  }

  endOfTurn(): void {
    perform(this, this.#place, undefined);
  }

  start(mailbox: Mailbox): boolean {
    return perform(this, this.#place, mailbox);
  }

  call(): unknown {
    const task = this.#task;
    return task();
  }

  settled(): void {}
}
