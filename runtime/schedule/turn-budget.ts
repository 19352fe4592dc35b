// A hot file: asked for every message.

import type { Turn } from "../base/turn.js";

/** How many messages one client may have begun in a turn of the event loop, so that one that sends thousands does not hold up the others. */
export class TurnBudget {
  readonly #turn: Turn;
  #turnNumber = -1;
  #taken = 0;

  constructor(turn: Turn) {
    this.#turn = turn;
  }

  /** Takes one of this turn's; false when there is none left. */
  take(): boolean {
    if (this.#turnNumber !== this.#turn.number) {
      this.#turnNumber = this.#turn.number;
      this.#taken = 0;
      this.#turn.touch();
    }
    return this.#taken++ < messagesPerTurn;
  }
}

const messagesPerTurn = 64;
