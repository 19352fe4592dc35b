import type { NanowireError } from "../base/error.js";
import type { ClientConnection, ConnectionStatus, DrainNotice, ServerHandshake } from "./client-connection.js";
import type { Link } from "./link.js";
import type { CallOptions, ClientMethod, ClientPush, Unsubscribe } from "./method.js";
import type { OfflineCounts } from "./offline-queue.js";
import type { RoundTrip } from "./round-trip.js";

/** A connection of which a {@link DirectConnection} is another face. */
interface Whole extends ClientConnection {
  requestOn<Req, Res>(
    link: Link,
    method: ClientMethod<Req, Res>,
    request: Req,
    options: CallOptions | undefined,
  ): Promise<Res>;
  notifyOn<Req>(link: Link, method: ClientMethod<Req, void>, message: Req): void;
}

/** A connection as `onReconnected` sees it: what is called on it goes out at once, on one link, and waits for nothing. */
export class DirectConnection implements ClientConnection {
  readonly #whole: Whole;
  readonly #link: Link;

  constructor(whole: Whole, link: Link) {
    this.#whole = whole;
    this.#link = link;
  }

  get state(): ConnectionStatus["state"] {
    return this.#whole.state;
  }

  get status(): ConnectionStatus {
    return this.#whole.status;
  }

  get handshake(): ServerHandshake {
    return this.#link.handshake;
  }

  get closed(): Promise<NanowireError> {
    return this.#whole.closed;
  }

  get roundTrip(): RoundTrip {
    return this.#whole.roundTrip;
  }

  get offline(): OfflineCounts {
    return this.#whole.offline;
  }

  request<Req, Res>(method: ClientMethod<Req, Res>, request: Req, options?: CallOptions): Promise<Res> {
    return this.#whole.requestOn(this.#link, method, request, options);
  }

  notify<Req>(method: ClientMethod<Req, void>, message: Req): void {
    this.#whole.notifyOn(this.#link, method, message);
  }

  on<T>(push: ClientPush<T>, listener: (message: T) => void): Unsubscribe {
    return this.#whole.on(push, listener);
  }

  onState(listener: (status: ConnectionStatus) => void): Unsubscribe {
    return this.#whole.onState(listener);
  }

  onClose(listener: (reason: NanowireError) => void): Unsubscribe {
    return this.#whole.onClose(listener);
  }

  onKick(listener: (reason: string) => void): Unsubscribe {
    return this.#whole.onKick(listener);
  }

  onDrain(listener: (notice: DrainNotice) => void): Unsubscribe {
    return this.#whole.onDrain(listener);
  }

  close(): void {
    this.#whole.close();
  }
}
