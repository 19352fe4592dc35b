import type { CancelTimer, Clock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import { maxTimeoutMs } from "./limits.js";

/**
 * A connection's heartbeat, as the client keeps it: one at once and one every interval, by its own timer, for go nano's
 * server never answers one. Any packet is a sign of life; after 2 intervals of silence the other side is given up
 * (PROTOCOL.md, 1, Heartbeat).
 */
export class Heartbeat {
  readonly #intervalMs: number;
  readonly #clock: Clock;
  readonly #send: () => void;
  readonly #silent: (error: NanowireError) => void;
  #heardAt: number;
  #sentAt: number;
  #cancelBeat: CancelTimer | undefined;
  #cancelCheck: CancelTimer | undefined;

  /**
   * @param intervalSeconds what the handshake says
   * @param send sends a heartbeat
   * @param silent called once with `heartbeat_timeout`, when nothing came for 2 intervals
   */
  constructor(clock: Clock, intervalSeconds: number, send: () => void, silent: (error: NanowireError) => void) {
    // A timer takes no longer time, and 0 would be no interval.
    this.#intervalMs = Math.min(Math.max(intervalSeconds * 1000, 1), maxTimeoutMs / 2);
    this.#clock = clock;
    this.#send = send;
    this.#silent = silent;
    this.#heardAt = clock.steady();
    this.#sentAt = this.#heardAt;
  }

  /** Sends the first one, and begins to watch the other side. */
  start(): void {
    this.#cancelBeat = this.#clock.every(this.#intervalMs, () => this.#beat());
    this.#watch(2 * this.#intervalMs);
    this.#beat();
  }

  /** Something came. */
  heard(): void {
    this.#heardAt = this.#clock.steady();
  }

  /** A heartbeat came: answers it when the own timer is late, as a browser makes it be in a page that nobody sees. */
  received(): void {
    if (this.#clock.steady() - this.#sentAt > this.#intervalMs) {
      this.#beat();
    }
  }

  /** Ends it. Calling it again does nothing. */
  stop(): void {
    this.#cancelBeat?.();
    this.#cancelCheck?.();
  }

  #beat(): void {
    this.#sentAt = this.#clock.steady();
    this.#send();
  }

  /** Looks in `ms` milliseconds whether something came. */
  #watch(ms: number): void {
    const dueAt = this.#clock.steady() + ms;
    this.#cancelCheck = this.#clock.after(ms, () => this.#check(dueAt));
  }

  #check(dueAt: number): void {
    const now = this.#clock.steady();
    if (now - dueAt >= this.#intervalMs) {
      // It was this side that stood still: what came meanwhile is not read yet.
      this.#heardAt = now - this.#intervalMs;
    }
    const silentMs = now - this.#heardAt;
    const limitMs = 2 * this.#intervalMs;
    if (silentMs < limitMs) {
      this.#watch(limitMs - silentMs);
    } else {
      const message = `no word from the server for ${Math.round(silentMs)} ms, 2 heartbeats of ${this.#intervalMs} ms`;
      this.#silent(new NanowireError("heartbeat_timeout", message));
    }
  }
}
