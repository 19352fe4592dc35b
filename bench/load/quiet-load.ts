import { setTimeout as wait } from "node:timers/promises";
import { type ClientHost, ClientSocket } from "./client-socket.js";
import { Failures } from "./failures.js";
import type { Load, LoadFigures, LoadOptions } from "./load.js";
import { openAll } from "./open-all.js";
import { Tally } from "./tally.js";

/** How often a client asks. */
const periodMs = 500;

/** How often it is looked who is to ask. */
const lookMs = 1;

/** Clients that ask now and then, each in its turn: two questions a second, whether the one before was answered or not. */
export class QuietLoad implements Load {
  readonly #options: LoadOptions;
  readonly #clients: QuietClient[] = [];
  readonly #tally = new Tally();
  readonly #failures = new Failures();
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

  async run(ms: number): Promise<LoadFigures> {
    const tally = this.#tally;
    tally.begin();
    await this.#failures.unlessFailed((resolve) => {
      void this.#ask(ms).then(() => {
        this.#onAnswered = () => {
          if (tally.unanswered === 0) {
            resolve();
          }
        };
        this.#onAnswered();
      });
    });
    this.#onAnswered = () => {};
    return tally.end();
  }

  /** Lets one after another ask, evenly spread over the time. */
  async #ask(ms: number): Promise<void> {
    const begin = performance.now();
    const [request = new Uint8Array(0)] = this.#options.requests;
    let asked = 0;
    let passed = 0;
    while (passed < ms) {
      await wait(lookMs);
      passed = performance.now() - begin;
      const due = Math.floor((Math.min(passed, ms) / periodMs) * this.#clients.length);
      for (; asked < due; asked++) {
        this.#clients[asked % this.#clients.length]?.ask(request);
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

  ask(request: Uint8Array): void {
    this.#askedAt.push(performance.now());
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
