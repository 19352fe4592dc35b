import type { ClientReceiver, ClientSocket, Dial } from "../../transport/client-socket.js";

/** What a connection is like, as the sliders say. It may change while the connection is open. */
export interface Conditions {
  /** How long a message and its answer take more, in milliseconds: half of it each way. */
  latencyMs: number;
  /** How many pieces of a hundred are lost on the way, either way. */
  lossPercent: number;
}

/**
 * Makes a connection as slow and as lossy as it is told to be. Nothing is really lost on it, for nothing is on TCP: what a network loses is sent again after a while, and what
 * came behind waits for it.
 */
export function slowDial(dial: Dial, conditions: Conditions): Dial {
  return async (signal) => new SlowSocket(await dial(signal), conditions);
}

class SlowSocket implements ClientSocket, ClientReceiver {
  readonly #inner: ClientSocket;
  readonly #toServer: Lane;
  readonly #toClient: Lane;
  #receiver: ClientReceiver | undefined;
  #isClosed = false;

  constructor(inner: ClientSocket, conditions: Conditions) {
    this.#inner = inner;
    this.#toServer = new Lane(conditions);
    this.#toClient = new Lane(conditions);
  }

  start(receiver: ClientReceiver): void {
    this.#receiver = receiver;
    this.#inner.start(this);
  }

  send(packets: Uint8Array): void {
    this.#toServer.put(() => this.#inner.send(packets));
  }

  close(): void {
    this.#isClosed = true;
    this.#toServer.put(() => this.#inner.close());
  }

  receive(bytes: Uint8Array): void {
    this.#toClient.put(() => {
      if (!this.#isClosed) {
        this.#receiver?.receive(bytes);
      }
    });
  }

  closed(error: Parameters<ClientReceiver["closed"]>[0]): void {
    this.#toClient.put(() => {
      if (!this.#isClosed) {
        this.#receiver?.closed(error);
      }
    });
  }
}

/** One way: what was put in first comes out first. */
class Lane {
  readonly #conditions: Conditions;
  /** When what was put in last comes out. */
  #lastAt = 0;
  #waiting = 0;

  constructor(conditions: Conditions) {
    this.#conditions = conditions;
  }

  put(pass: () => void): void {
    const { latencyMs, lossPercent } = this.#conditions;
    const now = performance.now();
    const again = Math.random() * 100 < lossPercent ? Math.max(leastAgainMs, latencyMs * 1.5) : 0;
    this.#lastAt = Math.max(this.#lastAt, now + latencyMs / 2 + again);
    if (this.#lastAt <= now && this.#waiting === 0) {
      pass();
      return;
    }
    this.#waiting++;
    setTimeout(() => {
      this.#waiting--;
      pass();
    }, this.#lastAt - now);
  }
}

/** After what time TCP sends again what was lost, at the least. */
const leastAgainMs = 200;
