import { ScheduledTimer, type Timer, type TimerPlace } from "./timer.js";

/** A game's loop: steps of a fixed length, each called once. It is a timer whose `calls` count the steps. */
export interface TickLoop extends Timer {
  /** Milliseconds that a step stands for. */
  readonly stepMs: number;
  /** How many steps took longer than a step may: the world cannot keep up while this grows. */
  readonly overruns: number;
}

/**
 * Does one step of a loop.
 *
 * @param deltaMs how much of the world's time it stands for: always the loop's `stepMs`
 * @param step its number, from 1
 * @param loop the loop, to be stopped
 */
export type TickTask = (deltaMs: number, step: number, loop: TickLoop) => unknown;

/** A loop of fixed steps, which measures how long each takes. */
export class ScheduledLoop extends ScheduledTimer implements TickLoop {
  readonly stepMs: number;
  overruns = 0;
  readonly #task: TickTask;
  #beganAtMs = 0;

  constructor(place: TimerPlace, stepMs: number, mostAtOnce: number, task: TickTask) {
    super(place, stepMs, Number.POSITIVE_INFINITY, mostAtOnce, nothing);
    this.stepMs = stepMs;
    this.#task = task;
  }

  protected override due(): unknown {
    this.calls++;
    this.#beganAtMs = this.place.clock.steady();
    return this.#task(this.stepMs, this.calls, this);
  }

  override settled(): void {
    if (this.place.clock.steady() - this.#beganAtMs > this.stepMs) {
      this.overruns++;
    }
    super.settled();
  }
}

const nothing = (): void => {};
