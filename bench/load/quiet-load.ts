import { setTimeout as wait } from "node:timers/promises";
import { Histogram } from "../../runtime/bots/histogram.js";
import { type ClientHost, ClientSocket } from "./client-socket.js";
import { Failures } from "./failures.js";
import type { Load, LoadFigures, LoadOptions } from "./load.js";
import { openAll } from "./open-all.js";
import { Tally } from "./tally.js";

/** How often a client asks in a second, where nobody says how often all do together. */
const questionsPerSecond = 2;

/** How often it is looked who is to ask. */
const lookMs = 1;

/**
 * Clients that ask now and then, each in its turn, whether the one before was answered or not: two questions a second each, or as many as
 * `perSecond` says of all together. Those are asked when they are due, to a millisecond, and their latency counts from then on: a question that goes out late has waited, too. The process rests in
 * between: one that looked all the time would use a core whole, and who does that is made to wait for others.
 */
export class QuietLoad implements Load {
  readonly #options: LoadOptions;
  readonly #clients: QuietClient[] = [];
  readonly #tally = new Tally();
  readonly #failures = new Failures();
  /** How late those left that were due, in microseconds. */
  readonly #late = new Histogram();
  #onAnswered = (): void => {};
  #heartbeats = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  get heartbeats(): number {
    return this.#heartbeats;
  }

  connect(): Promise<void> {
    return this.#failures.unlessFailed((resolve) => {
      const readBuffer = new Uint8Array(64 * 1024);
      const opened = openAll(this.#options.connections, () => {
        const client: QuietClient = new QuietClient(this.#options, this.#tally, {
          readBuffer,
          opened: () => {
            if (opened()) {
              resolve();
            }
          },
          received: (count, bytes) => {
            client.answered(count, bytes);
            this.#onAnswered();
          },
          failed: (error) => this.#failures.failed(error),
          heartbeat: () => {
            this.#heartbeats++;
          },
        });
        this.#clients.push(client);
      });
    });
  }

  async run(ms: number, perSecond = this.#options.perSecond): Promise<LoadFigures> {
    const tally = this.#tally;
    tally.begin();
    this.#late.clear();
    await this.#failures.unlessFailed((resolve) => {
      void this.#ask(ms, perSecond).then(() => {
        this.#onAnswered = () => {
          if (tally.unanswered === 0) {
            resolve();
          }
        };
        this.#onAnswered();
      });
    });
    this.#onAnswered = () => {};
    const figures = tally.end();
    return perSecond === undefined ? figures : { ...figures, lateMs: this.#late.percentile(0.99) / 1_000 };
  }

  /** Lets one after another ask, evenly spread over the time. */
  async #ask(ms: number, perSecond: number | undefined): Promise<void> {
    const begin = performance.now();
    const perMs = (perSecond ?? questionsPerSecond * this.#clients.length) / 1_000;
    const [request = new Uint8Array(0)] = this.#options.requests;
    let asked = 0;
    let passed = 0;
    while (passed < ms) {
      await wait(lookMs);
      passed = performance.now() - begin;
      const due = Math.floor(Math.min(passed, ms) * perMs);
      for (; asked < due; asked++) {
        const now = performance.now();
        const at = perSecond === undefined ? now : begin + (asked + 1) / perMs;
        this.#late.record((now - at) * 1_000);
        this.#clients[asked % this.#clients.length]?.ask(request, at);
      }
    }
  }
}

/** One of them. */
class QuietClient {
  readonly #tally: Tally;
  readonly #socket: ClientSocket;
  /** When the questions were asked that are not answered, the oldest first: a few at the most. */
  readonly #askedAt: number[] = [];

  constructor(options: LoadOptions, tally: Tally, host: ClientHost) {
    this.#tally = tally;
    this.#socket = new ClientSocket(options, host);
  }

  /** @param at what its latency counts from */
  ask(request: Uint8Array, at: number): void {
    this.#askedAt.push(at);
    this.#tally.sent(1, request.length);
    this.#socket.send(request);
  }

  answered(count: number, bytes: number): void {
    const now = performance.now();
    this.#tally.answered(count, bytes);
    for (let index = 0; index < count; index++) {
      this.#tally.took(now - (this.#askedAt.shift() ?? now));
    }
  }
}
