import { NanowireError } from "../../base/error.js";
import { silentLogger } from "../../base/logger.js";
import type { ClientConnection } from "../../client/client-connection.js";
import { connect } from "../../client/connect-browser.js";
import { dialBrowser } from "../../client/dial-browser.js";
import { parseDialUrl } from "../../client/dial-url.js";
import { emptyCodec } from "../../protocol/codec.js";
import { bytesCodec } from "../../repl/bytes-codec.js";
import { type Conditions, slowDial } from "./slow-dial.js";

/** What came of a request. */
export interface Reply {
  readonly tookMs: number;
  readonly payload?: Uint8Array;
  readonly error?: NanowireError;
}

/** The page's own client of the server: another one like those of players. */
export class TestClient {
  /** What its connection is like; may be changed at any time. */
  readonly conditions: Conditions = { latencyMs: 0, lossPercent: 0 };
  /** Told when it is connected, or not any more. */
  onChange: () => void = () => {};
  /** Told what is pushed. */
  onPush: (route: string, payload: Uint8Array) => void = () => {};
  /** What there is to say of it: why it was closed. */
  told = "";
  state: "closed" | "connecting" | "open" = "closed";
  #connection: ClientConnection | undefined;

  get roundTripMs(): number | undefined {
    return this.#connection?.roundTrip.lastMs;
  }

  /** @param pushes the routes that are listened to */
  async connect(url: string, pushes: readonly string[]): Promise<void> {
    this.close();
    this.#enter("connecting", `connecting to ${url}`);
    try {
      const dial = slowDial(dialBrowser(parseDialUrl(url, ["ws:", "wss:"])), this.conditions);
      const connection = await connect(dial, { logger: silentLogger });
      this.#connection = connection;
      for (const route of pushes) {
        connection.on({ route, code: 0, message: bytesCodec }, (payload) => this.onPush(route, payload));
      }
      connection.onClose(({ code, message }) => {
        if (this.#connection === connection) {
          this.#connection = undefined;
          this.#enter("closed", code === "closed" ? "" : message);
        }
      });
      this.#enter("open", "");
    } catch (error) {
      this.#enter("closed", error instanceof Error ? error.message : String(error));
    }
  }

  close(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.close();
    this.#enter("closed", "");
  }

  async request(route: string, payload: Uint8Array): Promise<Reply> {
    const from = performance.now();
    try {
      const method = { route, code: 0, request: bytesCodec, response: bytesCodec };
      const answer = await this.#open().request(method, payload);
      return { tookMs: performance.now() - from, payload: answer };
    } catch (error) {
      const known = error instanceof NanowireError ? error : new NanowireError("internal", String(error));
      return { tookMs: performance.now() - from, error: known };
    }
  }

  /** @throws NanowireError */
  notify(route: string, payload: Uint8Array): void {
    this.#open().notify({ route, code: 0, request: bytesCodec, response: emptyCodec }, payload);
  }

  #open(): ClientConnection {
    if (this.#connection === undefined) {
      throw new NanowireError("unavailable", "the page's client is not connected");
    }
    return this.#connection;
  }

  #enter(state: TestClient["state"], told: string): void {
    this.state = state;
    this.told = told;
    this.onChange();
  }
}
