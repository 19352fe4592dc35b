import type { CancelTimer, Clock } from "../base/clock.js";

/** A connection, as the sweep sees it. */
export interface Swept {
  /** A sweep's time has passed. */
  sweep(schedule: SweepSchedule): void;
}

/** What a connection has to count up to, in sweeps. */
export interface SweepSchedule {
  /** Sweeps between two heartbeats; 0: none are sent. */
  readonly heartbeat: number;
  /** Sweeps of silence after which a client is closed; 0: never. */
  readonly silence: number;
  /** Sweeps that a handshake may take. */
  readonly handshake: number;
}

/**
 * Looks at every connection in turn, a few times an interval: one timer for a server, whatever the number of its
 * connections, and no look at the clock when a packet arrives. What is due is found late by a sweep at the most: a quarter of the shorter of
 * the heartbeat's interval and the handshake's time.
 */
export class HeartbeatSweep {
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #schedule: SweepSchedule;
  readonly #groups: readonly Iterable<Swept>[];
  #cancel: CancelTimer | undefined;

  /** @param groups those that are open, or on their way, whenever it is looked at */
  constructor(
    clock: Clock,
    heartbeatIntervalMs: number,
    handshakeTimeoutMs: number,
    groups: readonly Iterable<Swept>[],
  ) {
    this.#clock = clock;
    const shorter = heartbeatIntervalMs === 0 ? handshakeTimeoutMs : Math.min(heartbeatIntervalMs, handshakeTimeoutMs);
    this.#periodMs = Math.max(shorter / sweepsAnInterval, shortestPeriodMs);
    this.#schedule = {
      heartbeat: Math.ceil(heartbeatIntervalMs / this.#periodMs),
      silence: Math.ceil((2 * heartbeatIntervalMs) / this.#periodMs),
      handshake: Math.ceil(handshakeTimeoutMs / this.#periodMs),
    };
    this.#groups = groups;
  }

  start(): void {
    this.#cancel = this.#clock.every(this.#periodMs, () => {
      for (const group of this.#groups) {
        for (const connection of group) {
          connection.sweep(this.#schedule);
        }
      }
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}

const sweepsAnInterval = 4;
const shortestPeriodMs = 5;
