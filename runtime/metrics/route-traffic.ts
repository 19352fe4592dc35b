// A hot file: asked for every message, where metrics are on.

import { Buckets } from "./buckets.js";
import type { MessageClock, MessageTimes } from "./message-clock.js";

/** What is counted of one route. */
export class RouteTraffic {
  readonly route: string;
  readonly kind: "request" | "notify";
  /** Whether other nodes handle its messages. */
  readonly forwarded: boolean;
  /** From its arrival until it began. */
  readonly queued = new Buckets();
  /** From then until it was done; of what is forwarded, from its arrival until it was answered. */
  readonly handled = new Buckets();
  readonly clock: MessageClock;
  #settled = 0;
  readonly #failed = new Map<string, number>();

  constructor(route: string, kind: "request" | "notify", forwarded: boolean, clock: MessageClock) {
    this.route = route;
    this.kind = kind;
    this.forwarded = forwarded;
    this.clock = clock;
  }

  /** A message is done, well or not. */
  settled(times: MessageTimes | undefined): void {
    this.#settled++;
    if (times !== undefined) {
      this.#observe(times);
    }
  }

  #observe({ arrivedAt, startedAt, weight }: MessageTimes): void {
    const now = this.clock.now();
    if (this.forwarded) {
      this.handled.observe((now - arrivedAt) / 1_000, weight);
    } else if (startedAt === -1) {
      // It gave way before its turn: all that it did was to wait.
      this.queued.observe((now - arrivedAt) / 1_000, weight);
    } else {
      this.queued.observe((startedAt - arrivedAt) / 1_000, weight);
      this.handled.observe((now - startedAt) / 1_000, weight);
    }
  }

  /**
   * A message failed.
   *
   * @param turnedAway whether it came to no handler, and is not settled otherwise
   */
  failed(code: string, turnedAway: boolean): void {
    this.#settled += turnedAway ? 1 : 0;
    this.#failed.set(code, (this.#failed.get(code) ?? 0) + 1);
  }

  /** How many came to which end, by the code; `ok` for those that failed in nothing. */
  byCode(): [code: string, count: number][] {
    const failed = [...this.#failed];
    const ok = failed.reduce((left, [, count]) => left - count, this.#settled);
    // A message that fails while it is being answered is told of before it is settled.
    return [["ok", Math.max(0, ok)], ...failed];
  }
}
