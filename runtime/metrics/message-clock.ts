// A hot file: asked for every message, where metrics are on. To look at the clock takes as long as a thirtieth of a message does.

import type { Clock } from "../base/clock.js";
import type { Turn } from "../base/turn.js";

/**
 * Decides which messages are timed. In a turn of the event loop the first four are; of those that follow one of sixteen is, picked at random, and stands for sixteen: where there
 * are that many, sixteen times as many look the same. When a message came is looked up once a turn.
 */
export class MessageClock {
  readonly #clock: Clock;
  readonly #turn: Turn;
  #turnNumber = -1;
  #turnBegan = 0;
  #inTurn = 0;
  #random = 1;

  constructor(clock: Clock, turn: Turn) {
    this.#clock = clock;
    this.#turn = turn;
  }

  /** Milliseconds, steadily. */
  now(): number {
    return this.#clock.steady();
  }

  /** When what came last came, in the same milliseconds. */
  get arrivedAt(): number {
    return this.#turnBegan;
  }

  /** A message came: returns how many it stands for, 0 where it is not timed. */
  arrived(): number {
    if (this.#turnNumber !== this.#turn.number) {
      this.#turn.touch();
      this.#turnNumber = this.#turn.number;
      this.#turnBegan = this.#clock.steady();
      this.#inTurn = 0;
    }
    if (this.#inTurn < timedInTurn) {
      this.#inTurn++;
      return 1;
    }
    // A linear congruential generator (Knuth's MMIX is 64 bits wide; this is Numerical Recipes'): its upper bits are as good as any. Every sixteenth in order would
    // be of the same route each time, where a client sends sixteen in turn.
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) | 0;
    return this.#random >>> 28 === 0 ? oneOf : 0;
  }
}

/** So many messages of a turn are all timed. */
export const timedInTurn = 4;

/** Of those that follow one of so many is: four bits' worth. */
const oneOf = 16;
