import { type ClientHost, type ClientOptions, ClientSocket } from "./client-socket.js";

/** What becomes of a visit. */
export interface VisitHost {
  readonly readBuffer: Uint8Array;
  /** The visitor was answered, and has gone: after so long from the beginning, and so many bytes that it was sent. */
  served(ms: number, bytes: number): void;
  failed(error: Error): void;
}

/** A client that comes, asks once, is answered and goes. */
export class Visitor implements ClientHost {
  readonly #host: VisitHost;
  readonly #request: Uint8Array;
  readonly #socket: ClientSocket;
  readonly #begin = performance.now();
  #bytes = 0;

  constructor(options: ClientOptions, request: Uint8Array, host: VisitHost) {
    this.#host = host;
    this.#request = request;
    this.#socket = new ClientSocket(options, this);
  }

  get readBuffer(): Uint8Array {
    return this.#host.readBuffer;
  }

  opened(): void {
    this.#socket.send(this.#request);
  }

  received(count: number, bytes: number): void {
    this.#bytes += bytes;
    if (count > 0) {
      this.#socket.close();
      this.#host.served(performance.now() - this.#begin, this.#bytes);
    }
  }

  failed(error: Error): void {
    this.#host.failed(error);
  }

  heartbeat(): void {}
}
