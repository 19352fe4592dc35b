import { NanowireError } from "../../base/error.js";

/**
 * Calls that have to arrive in the order in which they were made: one is made when the one before is answered. Each session has its own, so that a node that is slow with
 * one does not hold up the others.
 */
export class SessionLine {
  #waiting: (() => Promise<void>)[] = [];
  #isBusy = false;

  /**
   * @param call it is never rejected
   * @throws NanowireError `overloaded` when too many wait already
   */
  add(call: () => Promise<void>): void {
    if (this.#waiting.length >= mostWaiting) {
      throw new NanowireError("overloaded", `${mostWaiting} messages of the session wait for the node`);
    }
    this.#waiting.push(call);
    if (!this.#isBusy) {
      this.#isBusy = true;
      void this.#run();
    }
  }

  /** What waits is not called. */
  clear(): void {
    this.#waiting = [];
  }

  async #run(): Promise<void> {
    for (let call = this.#waiting.shift(); call !== undefined; call = this.#waiting.shift()) {
      await call();
    }
    this.#isBusy = false;
  }
}

const mostWaiting = 4_096;
