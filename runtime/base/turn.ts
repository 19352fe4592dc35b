import { SpareArrays } from "./spare-arrays.js";

/** Something that has work to do at the end of a turn. */
export interface EndOfTurn {
  /** Called once, at the end of the turn that it was asked for. */
  endOfTurn(): void;
}

/**
 * The end of a turn of the event loop, where everything that was written in the turn is sent: one write a connection,
 * however many messages. After that come those who had to wait for the next turn.
 */
export class Turn {
  /** Which turn this is; it changes at the end of every turn in which {@link touch} was called. */
  number = 0;
  /** What is written in a turn is written to these: at its end most of them are free again. */
  readonly spares = new SpareArrays();
  #flushing: EndOfTurn[] = [];
  #waiting: EndOfTurn[] = [];
  #scheduled = false;
  readonly #schedule: (task: () => void) => void;
  readonly #failed: (error: unknown) => void;
  readonly #run = (): void => this.#finish();

  /**
   * @param schedule calls a function at the end of the turn. Default: `setImmediate`
   * @param failed told what one of those who were called has thrown; the others are called all the same. Default: it is thrown
   * when all are done
   */
  constructor(
    schedule: (task: () => void) => void = (task) => void setImmediate(task),
    failed: (error: unknown) => void = throwLater,
  ) {
    this.#schedule = schedule;
    this.#failed = failed;
  }

  /** Sees to it that this turn ends. */
  touch(): void {
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#schedule(this.#run);
    }
  }

  /** Calls `task.endOfTurn()` at the end of this turn. The caller adds itself once a turn. */
  atEnd(task: EndOfTurn): void {
    this.#flushing.push(task);
    this.touch();
  }

  /** Calls `task.endOfTurn()` in the next turn, when all that this turn wrote is sent. The caller adds itself once a turn. */
  next(task: EndOfTurn): void {
    this.#waiting.push(task);
    this.touch();
  }

  #finish(): void {
    this.#scheduled = false;
    this.number++;
    const flushing = this.#flushing;
    const waiting = this.#waiting;
    this.#flushing = [];
    this.#waiting = [];
    this.#call(flushing);
    this.#call(waiting);
  }

  #call(tasks: readonly EndOfTurn[]): void {
    for (const task of tasks) {
      try {
        task.endOfTurn();
      } catch (error) {
        this.#failed(error);
      }
    }
  }
}

function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
