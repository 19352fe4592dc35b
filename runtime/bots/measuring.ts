// A hot file: every call of every bot passes it.

import type { Clock } from "../base/clock.js";
import { codeOf, type Tally, type TallyRow } from "./tally.js";

/** When something began, and how late. */
export interface Begun {
  readonly atMs: number;
  readonly lateMs: number;
}

/** How a bot times what it does. */
export class Measuring {
  readonly tally: Tally;
  readonly clock: Clock;
  /** How late the turn began that the bot is in; what it does in it is timed from so much earlier. */
  lateMs = 0;
  /** Whether the bot's connections were closed because it, or the run, has ended: what fails then was under way. */
  isCut = false;

  constructor(tally: Tally, clock: Clock) {
    this.tally = tally;
    this.clock = clock;
  }

  begin(): Begun {
    return { atMs: this.clock.steady(), lateMs: this.lateMs };
  }

  succeed(row: TallyRow, begun: Begun): void {
    row.count++;
    this.#time(row, begun);
  }

  fail(row: TallyRow, begun: Begun, error: unknown): void {
    if (this.isCut) {
      row.unfinished++;
      return;
    }
    row.count++;
    // Who has waited in vain has waited. What is refused at once would only make the rest look faster.
    if (codeOf(error) === "deadline_exceeded") {
      this.#time(row, begun);
    }
    this.tally.fail(row, error);
  }

  #time(row: TallyRow, { atMs, lateMs }: Begun): void {
    row.time(this.clock.steady() - atMs, lateMs);
  }
}
