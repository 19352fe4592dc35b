import type { Clock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import type { ClientReceiver, ClientSocket } from "../transport/client-socket.js";

/** What a link does to what passes it. */
export interface LinkConditions {
  /** How long bytes of the client take, in milliseconds of the test's clock. Default: 0 */
  readonly toServerMs?: number;
  /** How long bytes of the server take. Default: 0 */
  readonly toClientMs?: number;
  /** The most bytes that arrive at once, either way: what was sent in one go comes in pieces. 1 or more. Default: no limit */
  readonly pieceBytes?: number;
}

/** After how many bytes a link breaks. */
export interface CutPoint {
  /** How many more bytes of the client arrive. Default: any number */
  readonly toServerBytes?: number;
  /** How many more bytes of the server arrive. Default: any number */
  readonly toClientBytes?: number;
}

/** One way of a link: keeps the order, and lets go of what it holds when its time has come and it is not frozen. */
class Lane {
  readonly #clock: Clock;
  readonly #passed: () => void;
  readonly #held: { readonly at: number; readonly arrive: () => void }[] = [];
  #frozen = false;
  delayMs = 0;

  constructor(clock: Clock, passed: () => void) {
    this.#clock = clock;
    this.#passed = passed;
  }

  put(arrive: () => void): void {
    this.#held.push({ at: this.#clock.steady() + this.delayMs, arrive });
    if (this.delayMs > 0) {
      this.#clock.after(this.delayMs, () => this.#pass());
    } else {
      this.#pass();
    }
  }

  freeze(frozen: boolean): void {
    this.#frozen = frozen;
    this.#pass();
  }

  drop(): void {
    this.#held.length = 0;
  }

  /** What was sent first goes first, also when the delay has become shorter since. */
  #pass(): void {
    const now = this.#clock.steady();
    while (!this.#frozen && this.#held[0] !== undefined && this.#held[0].at <= now) {
      this.#passed();
      this.#held.shift()?.arrive();
    }
  }
}

/** A client's connection with a hand on it: it can be slow, stand still, come in pieces, and break. */
export class TestLink implements ClientSocket, ClientReceiver {
  readonly #inner: ClientSocket;
  readonly #toServer: Lane;
  readonly #toClient: Lane;
  #pieceBytes = Number.POSITIVE_INFINITY;
  /** How many bytes may still pass, each way. */
  readonly #left = { toServer: Number.POSITIVE_INFINITY, toClient: Number.POSITIVE_INFINITY };
  #receiver: ClientReceiver | undefined;
  /** Whether the client has closed, or was told that the connection is gone. */
  #over = false;

  /**
   * @param inner the connection itself
   * @param passed called whenever something passes
   */
  constructor(inner: ClientSocket, clock: Clock, conditions: LinkConditions, passed: () => void) {
    this.#inner = inner;
    this.#toServer = new Lane(clock, passed);
    this.#toClient = new Lane(clock, passed);
    this.set(conditions);
  }

  /** Changes what the link does; what is not named stays. */
  set({ toServerMs, toClientMs, pieceBytes }: LinkConditions): void {
    this.#toServer.delayMs = toServerMs ?? this.#toServer.delayMs;
    this.#toClient.delayMs = toClientMs ?? this.#toClient.delayMs;
    this.#pieceBytes = pieceBytes ?? this.#pieceBytes;
  }

  /** Nothing passes, either way, until it thaws: neither side is told. */
  freeze(frozen: boolean): void {
    this.#toServer.freeze(frozen);
    this.#toClient.freeze(frozen);
  }

  /** Breaks the connection: what was under way is lost, and both sides find it gone. */
  cut(): void {
    this.#toServer.drop();
    this.#toClient.drop();
    this.#inner.close();
    this.#gone(new NanowireError("connection_lost", "the test cut the connection"));
  }

  /** Breaks it when so many more bytes have passed, in the middle of whatever it is; with 0 at once. */
  cutAfter({ toServerBytes, toClientBytes }: CutPoint): void {
    this.#left.toServer = toServerBytes ?? this.#left.toServer;
    this.#left.toClient = toClientBytes ?? this.#left.toClient;
    if (this.#left.toServer === 0 || this.#left.toClient === 0) {
      this.cut();
    }
  }

  /** The client finds the connection gone, and the server is not told. */
  vanish(): void {
    this.#toServer.drop();
    this.#toServer.freeze(true);
    this.#gone(new NanowireError("connection_lost", "the test took the client away"));
  }

  // As the client sees it.

  start(receiver: ClientReceiver): void {
    this.#receiver = receiver;
    this.#inner.start(this);
  }

  send(packets: Uint8Array): void {
    if (!this.#over) {
      this.#toServer.put(() => this.#pieces(packets, "toServer", (piece) => this.#inner.send(piece)));
    }
  }

  close(): void {
    if (!this.#over) {
      this.#over = true;
      this.#toServer.put(() => this.#inner.close());
    }
  }

  // As the server sees it.

  receive(bytes: Uint8Array): void {
    this.#toClient.put(() =>
      this.#pieces(bytes, "toClient", (piece) => {
        if (!this.#over) {
          this.#receiver?.receive(piece);
        }
      }),
    );
  }

  closed(error: NanowireError | undefined): void {
    this.#toClient.put(() => this.#gone(error));
  }

  #gone(error: NanowireError | undefined): void {
    if (!this.#over) {
      this.#over = true;
      this.#receiver?.closed(error);
    }
  }

  #pieces(bytes: Uint8Array, way: "toServer" | "toClient", deliver: (piece: Uint8Array) => void): void {
    for (let start = 0; start < bytes.length && this.#left[way] > 0; start += this.#pieceBytes) {
      const piece = bytes.subarray(start, Math.min(bytes.length, start + this.#pieceBytes, start + this.#left[way]));
      this.#left[way] -= piece.length;
      deliver(piece);
    }
    if (this.#left[way] === 0) {
      this.cut();
    }
  }
}
