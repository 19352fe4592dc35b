import type { CancelTimer } from "../base/clock.js";
import { NanowireError, toNanowireError } from "../base/error.js";
import type { ClientSocket, Dial } from "../transport/client-socket.js";
import type { ClientConnection } from "./client-connection.js";
import { type ConnectOptions, type ConnectSettings, resolveConnectOptions } from "./connect-options.js";
import { Connection } from "./connection.js";
import { canceled } from "./pending-requests.js";

/**
 * Dials, and shakes hands.
 *
 * @throws NanowireError (as a rejection) what `connect` says
 */
export async function openConnection(
  makeDial: (settings: ConnectSettings) => Dial,
  options: ConnectOptions,
): Promise<ClientConnection> {
  const settings = resolveConnectOptions(options);
  const dial = makeDial(settings);
  return await new Promise((resolve, reject) => {
    new Opening(settings, resolve, reject).start(dial);
  });
}

/** One go at connecting. It ends once: with a connection, or with an error and nothing left behind. */
class Opening {
  readonly #settings: ConnectSettings;
  readonly #resolve: (connection: ClientConnection) => void;
  readonly #reject: (error: NanowireError) => void;
  /** Tells the dialler to give up. */
  readonly #controller = new AbortController();
  #connection: Connection | undefined;
  #cancelTimer: CancelTimer | undefined;
  #ended = false;

  constructor(
    settings: ConnectSettings,
    resolve: (connection: ClientConnection) => void,
    reject: (error: NanowireError) => void,
  ) {
    this.#settings = settings;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  start(dial: Dial): void {
    const { signal, clock, connectTimeoutMs } = this.#settings;
    if (signal?.aborted) {
      this.handleEvent();
      return;
    }
    signal?.addEventListener("abort", this);
    if (connectTimeoutMs > 0) {
      this.#cancelTimer = clock.after(connectTimeoutMs, () => this.#timeOut());
    }
    this.#dial(dial).then(
      (socket) => this.#shakeHands(socket),
      (error: unknown) => this.#fail(toNanowireError(error, "connect_failed", "the connection could not be made")),
    );
  }

  /** The caller's signal was aborted. */
  handleEvent(): void {
    this.#fail(canceled("connecting", this.#settings.signal as AbortSignal));
  }

  /** What a dialler throws is a rejection too. */
  async #dial(dial: Dial): Promise<ClientSocket> {
    return await dial(this.#controller.signal);
  }

  #shakeHands(socket: ClientSocket): void {
    if (this.#ended) {
      socket.close();
      return;
    }
    const connection = new Connection(socket, this.#settings, {
      opened: () => {
        this.#end();
        this.#resolve(connection);
      },
      failed: (reason) => this.#fail(reason),
    });
    this.#connection = connection;
    connection.start();
  }

  #timeOut(): void {
    const { connectTimeoutMs } = this.#settings;
    this.#fail(
      this.#connection === undefined
        ? new NanowireError("connect_failed", `the connection was not made within ${connectTimeoutMs} ms`)
        : new NanowireError(
            "handshake_timeout",
            `the server did not answer the handshake within ${connectTimeoutMs} ms`,
          ),
    );
  }

  #fail(error: NanowireError): void {
    if (this.#ended) {
      return;
    }
    this.#end();
    this.#controller.abort(error);
    this.#connection?.fail(error);
    this.#reject(error);
  }

  #end(): void {
    this.#ended = true;
    this.#cancelTimer?.();
    this.#settings.signal?.removeEventListener("abort", this);
  }
}
