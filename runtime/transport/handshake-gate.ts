import type { EndOfTurn, Turn } from "../base/turn.js";

/** How many may begin in a turn. */
export const handshakesATurn = 4;

/** Somebody whose turn has come at a {@link HandshakeGate}. */
export interface Waiting {
  /** @returns whether it cost anything: one that has gone meanwhile costs nothing */
  enter(): boolean;
}

/**
 * Lets a few TLS handshakes begin a turn, in the order they came: each costs the server a signature, half a millisecond and
 * more, and a thousand that arrive at once would keep every running connection waiting for that long.
 */
export class HandshakeGate implements EndOfTurn {
  readonly #turn: Turn;
  #waiting: Waiting[] = [];

  constructor(turn: Turn) {
    this.#turn = turn;
  }

  /** Calls `enter` in this turn's wake, or in a later one's. */
  queue(waiting: Waiting): void {
    this.#waiting.push(waiting);
    if (this.#waiting.length === 1) {
      this.#turn.next(this);
    }
  }

  endOfTurn(): void {
    let index = 0;
    for (let begun = 0; index < this.#waiting.length && begun < handshakesATurn; index++) {
      begun += (this.#waiting[index] as Waiting).enter() ? 1 : 0;
    }
    this.#waiting = this.#waiting.slice(index);
    if (this.#waiting.length > 0) {
      this.#turn.next(this);
    }
  }
}
