import type { Clock } from "../base/clock.js";
import type { Drain } from "../protocol/system.js";

/** A connection, or what else is waited for, as a {@link DrainWatch} sees it. */
export interface Drainable {
  /** Closes it when its client said that it goes, and all that it sent is handled. Returns whether nobody need wait for it any more. */
  letGo(): boolean;
}

/** Waits until the clients of a server have gone, and what other nodes have called is done, or the time for it is over. */
export class DrainWatch {
  readonly #clock: Clock;
  readonly #connections: Iterable<Drainable>;
  #end: (() => void) | undefined;

  /** @param connections those that are open, whenever it is looked at */
  constructor(clock: Clock, connections: Iterable<Drainable>) {
    this.#clock = clock;
    this.#connections = connections;
  }

  /** Resolved when nobody need be waited for, when `graceMs` are over, or by {@link end}. */
  async wait({ graceMs }: Drain): Promise<void> {
    if (graceMs === 0 || this.#allGone()) {
      return;
    }
    await new Promise<void>((resolve) => {
      const cancelLook = this.#clock.every(Math.min(lookEveryMs, graceMs), () => {
        if (this.#allGone()) {
          this.end();
        }
      });
      const cancelLimit = this.#clock.after(graceMs, () => this.end());
      this.#end = () => {
        cancelLook();
        cancelLimit();
        this.#end = undefined;
        resolve();
      };
    });
  }

  /** Waits no longer. Calling it when nobody waits does nothing. */
  end(): void {
    this.#end?.();
  }

  #allGone(): boolean {
    let allGone = true;
    for (const connection of this.#connections) {
      allGone = connection.letGo() && allGone;
    }
    return allGone;
  }
}

/** Looking costs a look at every connection, and is done only while a server drains. */
const lookEveryMs = 50;
