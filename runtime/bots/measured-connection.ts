// A hot file: every call of every bot passes it.

import type {
  CallOptions,
  ClientConnection,
  ClientMethod,
  ClientPush,
  ConnectionStatus,
  DrainNotice,
  NanowireError,
  OfflineCounts,
  RoundTrip,
  ServerHandshake,
  Unsubscribe,
} from "../client/index.js";
import type { Measuring } from "./measuring.js";

/** A connection that counts and times what is called through it, by routes. */
export class MeasuredConnection implements ClientConnection {
  readonly #inner: ClientConnection;
  readonly #measuring: Measuring;
  readonly #counted = new Set<string>();

  constructor(inner: ClientConnection, measuring: Measuring) {
    this.#inner = inner;
    this.#measuring = measuring;
  }

  get state(): ConnectionStatus["state"] {
    return this.#inner.state;
  }

  get status(): ConnectionStatus {
    return this.#inner.status;
  }

  get handshake(): ServerHandshake {
    return this.#inner.handshake;
  }

  get roundTrip(): RoundTrip {
    return this.#inner.roundTrip;
  }

  get offline(): OfflineCounts {
    return this.#inner.offline;
  }

  get closed(): Promise<NanowireError> {
    return this.#inner.closed;
  }

  request<Req, Res>(method: ClientMethod<Req, Res>, request: Req, options?: CallOptions): Promise<Res> {
    const measuring = this.#measuring;
    const row = measuring.tally.row("request", method.route);
    const begun = measuring.begin();
    const answer = this.#inner.request(method, request, options).then(
      (response) => {
        measuring.succeed(row, begun);
        return response;
      },
      (error: unknown) => {
        measuring.fail(row, begun, error);
        throw error;
      },
    );
    // It is counted: a scenario that waits for no answer need not hear of it.
    answer.catch(() => {});
    return answer;
  }

  notify<Req>(method: ClientMethod<Req, void>, message: Req): void {
    const { tally } = this.#measuring;
    const row = tally.row("notify", method.route);
    row.count++;
    try {
      this.#inner.notify(method, message);
    } catch (error) {
      tally.fail(row, error);
      throw error;
    }
  }

  on<T>(push: ClientPush<T>, listener: (message: T) => void): Unsubscribe {
    if (!this.#counted.has(push.route)) {
      this.#counted.add(push.route);
      const row = this.#measuring.tally.row("push", push.route);
      this.#inner.on(push, () => void row.count++);
    }
    return this.#inner.on(push, listener);
  }

  onState(listener: (status: ConnectionStatus) => void): Unsubscribe {
    return this.#inner.onState(listener);
  }

  onClose(listener: (reason: NanowireError) => void): Unsubscribe {
    return this.#inner.onClose(listener);
  }

  onKick(listener: (reason: string) => void): Unsubscribe {
    return this.#inner.onKick(listener);
  }

  onDrain(listener: (notice: DrainNotice) => void): Unsubscribe {
    return this.#inner.onDrain(listener);
  }

  close(): void {
    this.#inner.close();
  }
}
