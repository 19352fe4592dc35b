import { Failures } from "./failures.js";
import type { Load, LoadFigures, LoadOptions } from "./load.js";
import { Tally } from "./tally.js";
import { type VisitHost, Visitor } from "./visitor.js";

/**
 * Clients that come, ask once, are answered and go, `connections` of them at any time: for each that goes another one
 * comes. A message is a client that was served; its latency begins with its connecting.
 */
export class VisitorLoad implements Load {
  readonly heartbeats = 0;
  readonly #options: LoadOptions;
  readonly #tally = new Tally();
  readonly #failures = new Failures();

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  /** There is nothing to open: everybody comes when it is time. */
  async connect(): Promise<void> {}

  async run(ms: number): Promise<LoadFigures> {
    const { connections, requests } = this.#options;
    const [request = new Uint8Array(0)] = requests;
    const tally = this.#tally;
    tally.begin();
    const until = performance.now() + ms;
    await this.#failures.unlessFailed((resolve) => {
      const host: VisitHost = {
        readBuffer: new Uint8Array(64 * 1024),
        served: (servedMs, bytes) => {
          tally.answered(1, bytes);
          tally.took(servedMs);
          if (performance.now() < until) {
            come();
          } else if (tally.unanswered === 0) {
            resolve();
          }
        },
        failed: (error) => this.#failures.failed(error),
      };
      const come = (): void => {
        tally.sent(1, request.length);
        new Visitor(this.#options, request, host);
      };
      for (let index = 0; index < connections; index++) {
        come();
      }
    });
    return tally.end();
  }
}
