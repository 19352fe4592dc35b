import { Histogram } from "../histogram.js";
import type { LoadFigures, LoadOptions } from "./load.js";
import { framedRequests, LoadConnection, type LoadHost, Writes } from "./load-connection.js";

/** So many connections are on their way at once. */
const openingAtOnce = 16;

/** Many connections to one server, each with the same number of requests unanswered. */
export class LoadGenerator implements LoadHost {
  readonly options: LoadOptions;
  readonly readBuffer = new Uint8Array(64 * 1024);
  readonly writes: Writes;
  readonly #connections: LoadConnection[] = [];
  /** Microseconds. */
  readonly #latency = new Histogram();
  #onOpened = (): void => {};
  #onIdle = (): void => {};
  #onFailed = (_error: Error): void => {};
  #failure: Error | undefined;
  #until = 0;
  #sent = 0;
  #answered = 0;
  #sentBytes = 0;
  #receivedBytes = 0;

  constructor(options: LoadOptions) {
    this.options = options;
    this.writes = new Writes(framedRequests(options));
  }

  /** Opens the connections, a few at a time. */
  connect(): Promise<void> {
    const { connections } = this.options;
    return this.#unlessFailed((resolve) => {
      const openNext = (): void => {
        if (this.#connections.length < connections) {
          this.#connections.push(new LoadConnection(this));
        }
      };
      let open = 0;
      this.#onOpened = () => {
        open++;
        openNext();
        if (open === connections) {
          resolve();
        }
      };
      for (let index = 0; index < openingAtOnce; index++) {
        openNext();
      }
    });
  }

  /** Keeps the load up for `ms` milliseconds, then waits for the answers that are under way. */
  async run(ms: number): Promise<LoadFigures> {
    this.#latency.clear();
    this.#sent = 0;
    this.#answered = 0;
    this.#sentBytes = 0;
    this.#receivedBytes = 0;
    const cpuBefore = process.cpuUsage();
    const begin = performance.now();
    this.#until = begin + ms;
    await this.#unlessFailed((resolve) => {
      let busy = this.#connections.length;
      this.#onIdle = () => {
        busy--;
        if (busy === 0) {
          resolve();
        }
      };
      for (const connection of this.#connections) {
        connection.start(performance.now());
      }
    });
    const elapsedMs = performance.now() - begin;
    const { user, system } = process.cpuUsage(cpuBefore);
    if (this.#sent !== this.#answered) {
      throw new Error(`${this.#sent} requests were sent, ${this.#answered} answers came`);
    }
    const milliseconds = (share: number): number => this.#latency.percentile(share) / 1_000;
    return {
      messages: this.#answered,
      elapsedMs,
      cpuMicros: user + system,
      sentBytes: this.#sentBytes,
      receivedBytes: this.#receivedBytes,
      latencyMs: {
        p50: milliseconds(0.5),
        p99: milliseconds(0.99),
        p999: milliseconds(0.999),
        most: this.#latency.greatest / 1_000,
      },
    };
  }

  opened(): void {
    this.#onOpened();
  }

  failed(error: Error): void {
    this.#failure ??= error;
    this.#onFailed(error);
  }

  took(ms: number): void {
    this.#latency.record(ms * 1_000);
  }

  sent(count: number, bytes: number): void {
    this.#sent += count;
    this.#sentBytes += bytes;
  }

  answered(count: number, bytes: number, now: number): boolean {
    this.#answered += count;
    this.#receivedBytes += bytes;
    return now < this.#until;
  }

  idle(): void {
    this.#onIdle();
  }

  /** A promise that is also rejected when a connection fails, or has failed. */
  #unlessFailed(begin: (resolve: () => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      this.#onFailed = reject;
      begin(resolve);
    });
  }
}
