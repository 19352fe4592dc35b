import { Failures } from "./failures.js";
import type { Load, LoadFigures, LoadOptions } from "./load.js";
import { framedRequests, LoadConnection, type LoadHost, Writes } from "./load-connection.js";
import { openAll } from "./open-all.js";
import { socketIoPath, takeSeats } from "./peers.js";
import { Tally } from "./tally.js";

/** Many connections to one server, each with the same number of requests unanswered. */
export class LoadGenerator implements Load, LoadHost {
  readonly options: LoadOptions;
  readonly readBuffer = new Uint8Array(64 * 1024);
  readonly writes: Writes;
  readonly #connections: LoadConnection[] = [];
  readonly #tally = new Tally();
  readonly #failures = new Failures();
  #onOpened = (): void => {};
  #onIdle = (): void => {};
  #until = 0;
  #heartbeats = 0;

  constructor(options: LoadOptions) {
    this.options = options;
    this.writes = new Writes(framedRequests(options));
  }

  get heartbeats(): number {
    return this.#heartbeats;
  }

  async connect(): Promise<void> {
    const { port, connections, format } = this.options;
    const seats = format === "colyseus" ? await takeSeats(port, connections) : [];
    const everybodysPath = format === "socket.io" ? socketIoPath : undefined;
    await this.#failures.unlessFailed((resolve) => {
      const opened = openAll(connections, () =>
        this.#connections.push(new LoadConnection(this, seats[this.#connections.length] ?? everybodysPath)),
      );
      this.#onOpened = () => {
        if (opened()) {
          resolve();
        }
      };
    });
  }

  async run(ms: number): Promise<LoadFigures> {
    this.#tally.begin();
    this.#until = performance.now() + ms;
    await this.#failures.unlessFailed((resolve) => {
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
    return this.#tally.end();
  }

  opened(): void {
    this.#onOpened();
  }

  failed(error: Error): void {
    this.#failures.failed(error);
  }

  heartbeat(): void {
    this.#heartbeats++;
  }

  took(ms: number): void {
    this.#tally.took(ms);
  }

  sent(count: number, bytes: number): void {
    this.#tally.sent(count, bytes);
  }

  answered(count: number, bytes: number, now: number): boolean {
    this.#tally.answered(count, bytes);
    return now < this.#until;
  }

  idle(): void {
    this.#onIdle();
  }
}
