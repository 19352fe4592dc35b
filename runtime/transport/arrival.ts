import type { Socket } from "node:net";
import type { NanowireError } from "../base/error.js";
import type { Arrivals } from "./arrivals.js";
import type { Origin } from "./proxies.js";
import type { Guest, Place, TransportHost } from "./transport.js";

/** What a client is told that is not taken; undefined when there is nothing that it would understand. */
export type Refusal = Uint8Array | string | undefined;

/** A socket that knows its arrival, for HTTP's listeners, which get nothing but the socket. */
export interface ArrivingSocket extends Socket {
  nanowireArrival?: Arrival | undefined;
}

/** A client between its socket's acceptance and its connection: its place, where it comes from, and how it is sent away. */
export class Arrival implements Guest {
  /** Whether who connected is a trusted proxy: where the client comes from is then still to be told. */
  readonly byProxy: boolean;
  /** How the client is told why it is not taken. */
  refusal: (error: NanowireError) => Refusal = () => undefined;
  readonly #arrivals: Arrivals;
  #socket: Socket;
  #origin: Origin;
  #place: Place | undefined;
  #state: "arriving" | "accepted" | "gone" = "arriving";
  #reason: NanowireError | undefined;
  #goneListeners: (() => void)[] = [];

  /** @param peer the address of the other end */
  constructor(socket: Socket, peer: string, arrivals: Arrivals) {
    this.#arrivals = arrivals;
    this.#socket = socket;
    this.#origin = { address: peer, proxy: undefined };
    this.byProxy = arrivals.host.proxies.trusts(peer);
    this.#listen();
    arrivals.add(this);
  }

  get host(): TransportHost {
    return this.#arrivals.host;
  }

  /** The socket; TLS on it, once that has begun. */
  get socket(): Socket {
    return this.#socket;
  }

  /** Where the client comes from, as far as it is known. */
  get origin(): Origin {
    return this.#origin;
  }

  /** Whether it is accepted, gone or sent away. */
  get over(): boolean {
    return this.#state !== "arriving";
  }

  /**
   * Takes its place.
   *
   * @throws NanowireError `server_full`, `too_many_connections`
   */
  begin(): void {
    this.#place = this.host.arrive(this);
    if (!this.byProxy) {
      this.#place.comesFrom(this.#origin.address);
    }
  }

  /**
   * A proxy has told where the client comes from, or that it does not tell.
   *
   * @throws NanowireError `too_many_connections`
   */
  comesFrom(origin: Origin): void {
    this.#origin = origin;
    this.#place?.comesFrom(origin.address);
  }

  /** Another socket, which stands on the first, takes its place. */
  goOnWith(socket: Socket): void {
    this.#unlisten();
    this.#socket = socket;
    this.#listen();
  }

  /** What counts as the reason if the socket closes now. */
  because(reason: NanowireError): void {
    this.#reason = reason;
  }

  /** Calls `listener` when the client goes or is sent away before it is accepted; at once when it has gone. */
  onGone(listener: () => void): void {
    if (this.#state === "gone") {
      listener();
    } else {
      this.#goneListeners.push(listener);
    }
  }

  /** The socket becomes a connection. Returns its place, for the host. */
  accepted(): Place | undefined {
    this.#end("accepted");
    // The connection has its own ear for errors.
    this.#socket.off("error", ignore);
    return this.#place;
  }

  /** Tells the client why it is not taken, and hangs up. */
  sendAway(error: NanowireError, refusal: Refusal = this.refusal(error)): void {
    if (!this.over) {
      this.#leave(error);
      this.#arrivals.refuse(this.#socket, refusal);
    }
  }

  turnAway(reason: NanowireError): void {
    this.sendAway(reason);
  }

  /** Hangs up at once. */
  destroy(reason: NanowireError | undefined): void {
    if (!this.over) {
      this.#leave(reason);
      this.#socket.destroy();
    }
  }

  readonly #onClose = (): void => this.#leave(this.#reason);

  #leave(reason: NanowireError | undefined): void {
    this.#place?.leave(reason);
    const listeners = this.#goneListeners;
    this.#end("gone");
    for (const listener of listeners) {
      listener();
    }
  }

  #end(state: "accepted" | "gone"): void {
    this.#state = state;
    this.#goneListeners = [];
    this.#arrivals.delete(this);
    this.#unlisten();
  }

  #listen(): void {
    this.#socket.on("close", this.#onClose);
    // It stays: an error that nobody hears would end the process. "close" follows it.
    this.#socket.on("error", ignore);
  }

  #unlisten(): void {
    this.#socket.off("close", this.#onClose);
  }
}

function ignore(): void {}
