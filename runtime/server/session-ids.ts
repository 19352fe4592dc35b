/*
 * A session's id, 64 bits:
 *
 *     | 0 | 41 bits: milliseconds since 2024-01-01 | 10 bits: node | 12 bits: sequence |
 */

import type { Clock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";

/** The greatest number of a node. */
export const maxNodeId = 1_023;

/** Makes the ids of sessions: never the same twice on one node, nor on two nodes with different numbers. */
export class SessionIds {
  readonly #clock: Clock;
  readonly #node: bigint;
  #lastMs = 0;
  #sequence = 0;

  /**
   * @param nodeId 0 to 1023, different for each node of a cluster
   * @throws NanowireError `invalid_option`
   */
  constructor(clock: Clock, nodeId: number) {
    if (!Number.isInteger(nodeId) || nodeId < 0 || nodeId > maxNodeId) {
      throw new NanowireError("invalid_option", `nodeId ${String(nodeId)} is not an integer from 0 to ${maxNodeId}`);
    }
    this.#clock = clock;
    this.#node = BigInt(nodeId);
  }

  /** The next id, in decimal. */
  next(): string {
    // A clock that goes back, or 4,096 ids in a millisecond: the time of the last id goes on by itself.
    const now = Math.max(this.#clock.now() - epochMs, this.#lastMs);
    this.#sequence = now === this.#lastMs ? this.#sequence + 1 : 0;
    this.#lastMs = now;
    if (this.#sequence > maxSequence) {
      this.#lastMs++;
      this.#sequence = 0;
    }
    return String((BigInt(this.#lastMs) << 22n) | (this.#node << 12n) | BigInt(this.#sequence));
  }
}

const epochMs = Date.UTC(2024, 0, 1);
const maxSequence = 4_095;
