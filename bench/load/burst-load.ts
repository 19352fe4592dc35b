import { Bursts } from "./bursts.js";
import { type ClientHost, ClientSocket } from "./client-socket.js";
import { Failures } from "./failures.js";
import type { Load, LoadFigures, LoadOptions } from "./load.js";
import { framedRequests } from "./load-connection.js";

/**
 * A client that sends `inFlight` requests at once, and again as soon as all are answered: `requests` over and over. Latency
 * is that of the burst, from its beginning to each answer.
 */
export class BurstLoad implements Load {
  readonly #options: LoadOptions;
  readonly #burst: Uint8Array;
  readonly #failures = new Failures();
  readonly #bursts = new Bursts(this.#failures);
  #socket: ClientSocket | undefined;
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
        received: (count, bytes) => this.#bursts.answered(count, bytes),
        failed: (error) => this.#failures.failed(error),
        heartbeat: () => {
          this.#heartbeats++;
        },
      };
      this.#socket = new ClientSocket(this.#options, host);
    });
  }

  run(ms: number): Promise<LoadFigures> {
    return this.#bursts.run(ms, {
      answers: this.#options.inFlight,
      bytes: this.#burst.length,
      send: () => this.#socket?.write(this.#burst),
    });
  }
}
