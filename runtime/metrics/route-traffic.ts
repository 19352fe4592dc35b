// A hot file: asked for every message, where metrics are on; one object more for each message that is timed, and no closure.

import type { CallObserver, RouteObserver } from "../base/call-observer.js";
import { Buckets } from "./buckets.js";
import type { CodeLabels } from "./code-labels.js";
import type { MessageClock } from "./message-clock.js";

/** What is counted of one route. */
export class RouteTraffic implements RouteObserver {
  readonly route: string;
  readonly kind: "request" | "notify";
  /** Whether other nodes handle its messages. */
  readonly forwarded: boolean;
  /** From its arrival until it began. */
  readonly queued = new Buckets();
  /** From then until it was done; of what is forwarded, from its arrival until it was answered. */
  readonly handled = new Buckets();
  readonly #clock: MessageClock;
  readonly #codes: CodeLabels;
  /** One for all: they are counted, and no more. */
  readonly #untimed = new CountedCall(this);
  #ended = 0;
  readonly #failed = new Map<string, number>();

  constructor(route: string, kind: "request" | "notify", forwarded: boolean, clock: MessageClock, codes: CodeLabels) {
    this.route = route;
    this.kind = kind;
    this.forwarded = forwarded;
    this.#clock = clock;
    this.#codes = codes;
  }

  came(): CallObserver {
    const weight = this.#clock.arrived();
    return weight === 0 ? this.#untimed : new TimedCall(this, this.#clock, weight);
  }

  /** A message is done, well or not. */
  ended(): void {
    this.#ended++;
  }

  /** A message failed. One that came is told to have ended, too. */
  failed(code: string): void {
    const label = this.#codes.of(code);
    this.#failed.set(label, (this.#failed.get(label) ?? 0) + 1);
  }

  /** How many came to which end, by the code; `ok` for those that failed in nothing. */
  byCode(): [code: string, count: number][] {
    const failed = [...this.#failed];
    const ok = failed.reduce((left, [, count]) => left - count, this.#ended);
    // A message that fails while it is being answered is told of before it has ended.
    return [["ok", Math.max(0, ok)], ...failed];
  }
}

/** A call that is counted. */
class CountedCall implements CallObserver {
  protected readonly traffic: RouteTraffic;

  constructor(traffic: RouteTraffic) {
    this.traffic = traffic;
  }

  get trace(): undefined {
    return undefined;
  }

  began(): void {}

  failed(code: string): void {
    this.traffic.failed(code);
  }

  ended(): void {
    this.traffic.ended();
  }
}

/** A call that is counted, and timed. */
class TimedCall extends CountedCall {
  readonly #clock: MessageClock;
  readonly #arrivedAt: number;
  /** -1: it has not begun. */
  #beganAt = -1;
  /** How many messages it stands for. */
  readonly #weight: number;

  constructor(traffic: RouteTraffic, clock: MessageClock, weight: number) {
    super(traffic);
    this.#clock = clock;
    this.#arrivedAt = clock.arrivedAt;
    this.#weight = weight;
  }

  override began(): void {
    this.#beganAt = this.#clock.now();
  }

  override ended(): void {
    super.ended();
    const { queued, handled, forwarded } = this.traffic;
    const now = this.#clock.now();
    if (forwarded) {
      handled.observe((now - this.#arrivedAt) / 1_000, this.#weight);
    } else if (this.#beganAt === -1) {
      // It gave way before its turn: all that it did was to wait.
      queued.observe((now - this.#arrivedAt) / 1_000, this.#weight);
    } else {
      queued.observe((this.#beganAt - this.#arrivedAt) / 1_000, this.#weight);
      handled.observe((now - this.#beganAt) / 1_000, this.#weight);
    }
  }
}
