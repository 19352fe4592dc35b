import type { Clock } from "../base/clock.js";
import type { Turn } from "../base/turn.js";
import type { CodeLabels } from "./code-labels.js";
import { MessageClock } from "./message-clock.js";
import { RouteTraffic } from "./route-traffic.js";

/** What is counted of the messages of clients, by their routes: of those that there are, and of all others together. */
export class Traffic {
  readonly #clock: MessageClock;
  readonly #codes: CodeLabels;
  readonly #routes = new Map<string, RouteTraffic>();
  readonly #unknown: Readonly<Record<"request" | "notify", RouteTraffic>>;

  constructor(clock: Clock, turn: Turn, codes: CodeLabels) {
    this.#clock = new MessageClock(clock, turn);
    this.#codes = codes;
    this.#unknown = {
      request: this.#newTraffic(unknownRoute, "request"),
      notify: this.#newTraffic(unknownRoute, "notify"),
    };
  }

  /** A route that there is. */
  add(route: string, kind: "request" | "notify", forwarded: boolean): RouteTraffic {
    if (route === unknownRoute) {
      return this.#unknown[kind];
    }
    const traffic = this.#newTraffic(route, kind, forwarded);
    this.#routes.set(route, traffic);
    return traffic;
  }

  /**
   * A message was turned away before it was a call.
   *
   * @param route as it was asked for, or empty
   * @param kind what it was, where there is no such route
   */
  turnedAway(route: string, kind: "request" | "notify", code: string): void {
    const traffic = this.#routes.get(route) ?? this.#unknown[kind];
    traffic.failed(code);
    traffic.ended();
  }

  /** Every route, and last those that there are not. */
  all(): RouteTraffic[] {
    const { request, notify } = this.#unknown;
    return [...this.#routes.values(), request, notify];
  }

  #newTraffic(route: string, kind: "request" | "notify", forwarded = false): RouteTraffic {
    return new RouteTraffic(route, kind, forwarded, this.#clock, this.#codes);
  }
}

/** What stands for every route that there is not. */
export const unknownRoute = "(unknown)";
