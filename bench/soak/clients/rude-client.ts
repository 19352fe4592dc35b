import { connect, type Socket } from "node:net";

/** How a client that keeps to nothing behaves on one connection. */
export interface Manners {
  /** How long it stays away before it comes again, in milliseconds. */
  readonly awayMs: number;
  /** Called when the connection is there. Returns what is to be ended with it. */
  begin(socket: Socket): () => void;
}

/** A client that keeps to nothing, and comes again whenever it is thrown out. */
export class RudeClient {
  readonly #port: number;
  readonly #manners: Manners;
  #socket: Socket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #resting = true;

  constructor(port: number, manners: Manners) {
    this.#port = port;
    this.#manners = manners;
    this.come();
  }

  /** Comes, and comes again, until it rests. */
  come(): void {
    if (this.#resting) {
      this.#resting = false;
      this.#come();
    }
  }

  /** Goes, and stays away. */
  rest(): void {
    this.#resting = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
  }

  #come(): void {
    let end = (): void => {};
    const socket = connect(this.#port, "127.0.0.1", () => {
      end = this.#manners.begin(socket);
    });
    this.#socket = socket;
    // That it is thrown out is what it is here for.
    socket.on("error", () => {});
    socket.on("close", () => {
      end();
      if (!this.#resting && socket === this.#socket) {
        this.#timer = setTimeout(() => this.#come(), this.#manners.awayMs * (0.5 + Math.random()));
      }
    });
  }
}
