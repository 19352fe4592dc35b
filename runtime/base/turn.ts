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
  #flushing: EndOfTurn[] = [];
  #waiting: EndOfTurn[] = [];
  #scheduled = false;
  readonly #schedule: (task: () => void) => void;
  readonly #run = (): void => this.#finish();

  /** @param schedule calls a function at the end of the turn. Default: `setImmediate` */
  constructor(schedule: (task: () => void) => void = (task) => void setImmediate(task)) {
    this.#schedule = schedule;
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
    for (const task of flushing) {
      task.endOfTurn();
    }
    for (const task of waiting) {
      task.endOfTurn();
    }
  }
}
