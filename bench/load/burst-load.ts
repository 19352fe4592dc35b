import { type ClientHost, ClientSocket } from "./client-socket.js";
import { Failures } from "./failures.js";
import type { Load, LoadFigures, LoadOptions } from "./load.js";
import { framedRequests } from "./load-connection.js";
import { Tally } from "./tally.js";

/**
 * A client that sends `inFlight` requests at once, and again as soon as all are answered: `requests` over and over. Latency
 * is that of the burst, from its beginning to each answer.
 */
export class BurstLoad implements Load {
  readonly #options: LoadOptions;
  readonly #burst: Uint8Array;
  readonly #tally = new Tally();
  readonly #failures = new Failures();
  #socket: ClientSocket | undefined;
  #onReceived = (_count: number, _bytes: number): void => {};
  #heartbeats = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    const requests = Buffer.concat(framedRequests(options));
    this.#burst = Buffer.concat(Array.from({ length: options.inFlight / options.requests.length }, () => requests));
  }

  get heartbeats(): number {
    return this.#heartbeats;
  }

  connect(): Promise<void> {
    return this.#failures.unlessFailed((resolve) => {
      const host: ClientHost = {
        readBuffer: new Uint8Array(64 * 1024),
        opened: resolve,
        received: (count, bytes) => this.#onReceived(count, bytes),
        failed: (error) => this.#failures.failed(error),
        heartbeat: () => {
          this.#heartbeats++;
        },
      };
      this.#socket = new ClientSocket(this.#options, host);
    });
  }

  async run(ms: number): Promise<LoadFigures> {
    const tally = this.#tally;
    tally.begin();
    const until = performance.now() + ms;
    await this.#failures.unlessFailed((resolve) => {
      let sentAt = 0;
      const burst = (): void => {
        sentAt = performance.now();
        tally.sent(this.#options.inFlight, this.#burst.length);
        this.#socket?.write(this.#burst);
      };
      this.#onReceived = (count, bytes) => {
        const now = performance.now();
        tally.answered(count, bytes);
        for (let index = 0; index < count; index++) {
          tally.took(now - sentAt);
        }
        if (tally.unanswered === 0 && count > 0) {
          if (now < until) {
            burst();
          } else {
            resolve();
          }
        }
      };
      burst();
    });
    return tally.end();
  }
}
