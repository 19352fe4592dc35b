import type { CancelTimer } from "../base/clock.js";
import { NanowireError, toNanowireError } from "../base/error.js";
import type { ClientSocket, Dial } from "../transport/client-socket.js";
import { Link, type LinkHost } from "./link.js";

/** Is told once how an {@link Opening} ended, and once, if it was with a link, how the link did. */
export interface OpeningObserver {
  opened(link: Link): void;
  /** @param link the one that ended; undefined when none was made */
  ended(reason: NanowireError, link: Link | undefined): void;
}

/** One go at connecting. It ends once: with a link whose handshake was taken, or with an error and nothing left behind. */
export class Opening {
  readonly #host: LinkHost;
  readonly #observer: OpeningObserver;
  /** Tells the dialler to give up. */
  readonly #controller = new AbortController();
  #link: Link | undefined;
  #cancelTimer: CancelTimer | undefined;
  #ended = false;

  constructor(host: LinkHost, observer: OpeningObserver) {
    this.#host = host;
    this.#observer = observer;
  }

  start(dial: Dial): void {
    const { clock, connectTimeoutMs } = this.#host.settings;
    if (connectTimeoutMs > 0) {
      this.#cancelTimer = clock.after(connectTimeoutMs, () => this.#timeOut());
    }
    this.#dial(dial).then(
      (socket) => this.#shakeHands(socket),
      (error: unknown) => this.fail(toNanowireError(error, "connect_failed", "the connection could not be made")),
    );
  }

  /** Gives up. Afterwards it does nothing: the link that came of it has ends of its own. */
  fail(error: NanowireError): void {
    if (this.#ended) {
      return;
    }
    this.#end();
    this.#controller.abort(error);
    if (this.#link === undefined) {
      this.#observer.ended(error, undefined);
    } else {
      this.#link.fail(error);
    }
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
    const link = new Link(socket, this.#host, {
      opened: () => {
        this.#end();
        this.#observer.opened(link);
      },
      ended: (reason) => {
        this.#end();
        this.#observer.ended(reason, link);
      },
    });
    this.#link = link;
    link.start();
  }

  #timeOut(): void {
    const { connectTimeoutMs } = this.#host.settings;
    this.fail(
      this.#link === undefined
        ? new NanowireError("connect_failed", `the connection was not made within ${connectTimeoutMs} ms`)
        : new NanowireError(
            "handshake_timeout",
            `the server did not answer the handshake within ${connectTimeoutMs} ms`,
          ),
    );
  }

  #end(): void {
    this.#ended = true;
    this.#cancelTimer?.();
  }
}
