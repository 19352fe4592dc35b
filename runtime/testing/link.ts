import type { Clock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import type { ClientReceiver, ClientSocket } from "../transport/client-socket.js";
import type { MemorySocket } from "../transport/memory.js";

/** What a link does to what passes it. */
export interface LinkConditions {
  /** How long bytes of the client take, in milliseconds of the test's clock. Default: 0 */
  readonly toServerMs?: number;
  /** How long bytes of the server take. Default: 0 */
  readonly toClientMs?: number;
  /** The most bytes that arrive at once, either way: what was sent in one go comes in pieces. 1 or more. Default: no limit */
  readonly pieceBytes?: number;
  /** How fast the client reads, in bytes a second of the test's clock. More than 0. Default: no limit */
  readonly readBytesPerSecond?: number;
  /**
   * How many bytes of the server may be under way, sent and not read, before it finds that the client takes no more: then the rest waits in
   * its outbox. 0: it finds out with the first. Default: 65,536, about what a network holds
   */
  readonly windowBytes?: number;
}

/** What is under way. */
interface Held {
  readonly at: number;
  readonly bytes: number;
  readonly arrive: () => void;
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
  readonly #held: Held[] = [];
  #frozen = false;
  #bytes = 0;
  /** When what was put in last arrives. */
  #lastAt = 0;
  delayMs = 0;
  bytesPerSecond = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, passed: () => void) {
    this.#clock = clock;
    this.#passed = passed;
  }

  /** How many bytes it holds. */
  get bytes(): number {
    return this.#bytes;
  }

  put(bytes: number, arrive: () => void): void {
    const now = this.#clock.steady();
    const takesMs = (bytes * 1_000) / this.bytesPerSecond;
    const at = takesMs > 0 ? Math.max(now + this.delayMs, this.#lastAt) + takesMs : now + this.delayMs;
    this.#lastAt = at;
    this.#held.push({ at, bytes, arrive });
    this.#bytes += bytes;
    if (at > now) {
      this.#clock.after(at - now, () => this.#pass());
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
    this.#bytes = 0;
  }

  /** What was sent first goes first, also when the delay has become shorter since. */
  #pass(): void {
    const now = this.#clock.steady();
    while (!this.#frozen && this.#held[0] !== undefined && this.#held[0].at <= now) {
      const [{ bytes, arrive }] = this.#held.splice(0, 1) as [Held];
      this.#passed();
      this.#bytes -= bytes;
      arrive();
    }
  }
}

/** A client's connection with a hand on it: it can be slow, stand still, come in pieces, and break. */
export class TestLink implements ClientSocket, ClientReceiver {
  readonly #inner: MemorySocket;
  readonly #toServer: Lane;
  readonly #toClient: Lane;
  #pieceBytes = Number.POSITIVE_INFINITY;
  /** How many bytes may still pass, each way. */
  readonly #left = { toServer: Number.POSITIVE_INFINITY, toClient: Number.POSITIVE_INFINITY };
  #windowBytes = 65_536;
  #frozen = false;
  #reads = true;
  #receiver: ClientReceiver | undefined;
  /** Whether the client has closed, or was told that the connection is gone. */
  #over = false;

  /**
   * @param inner the connection itself
   * @param passed called whenever something passes
   */
  constructor(inner: MemorySocket, clock: Clock, conditions: LinkConditions, passed: () => void) {
    this.#inner = inner;
    this.#toServer = new Lane(clock, passed);
    this.#toClient = new Lane(clock, passed);
    this.set(conditions);
  }

  /** Changes what the link does; what is not named stays. */
  set({ toServerMs, toClientMs, pieceBytes, readBytesPerSecond, windowBytes }: LinkConditions): void {
    this.#toServer.delayMs = toServerMs ?? this.#toServer.delayMs;
    this.#toClient.delayMs = toClientMs ?? this.#toClient.delayMs;
    this.#toClient.bytesPerSecond = readBytesPerSecond ?? this.#toClient.bytesPerSecond;
    this.#pieceBytes = pieceBytes ?? this.#pieceBytes;
    this.#windowBytes = windowBytes ?? this.#windowBytes;
    this.#tellServer();
  }

  /** Nothing passes, either way, until it thaws: neither side is told. */
  freeze(frozen: boolean): void {
    this.#frozen = frozen;
    this.#toServer.freeze(frozen);
    this.#toClient.freeze(frozen || !this.#reads);
    this.#tellServer();
  }

  /** Whether the client reads what comes. */
  read(reads: boolean): void {
    this.#reads = reads;
    this.#toClient.freeze(this.#frozen || !reads);
    this.#tellServer();
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
      this.#toServer.put(packets.length, () =>
        this.#pieces(packets, (piece) => this.#through("toServer", piece, (passing) => this.#inner.send(passing))),
      );
    }
  }

  close(): void {
    if (!this.#over) {
      this.#over = true;
      this.#toServer.put(0, () => this.#inner.close());
    }
  }

  // As the server sees it.

  receive(bytes: Uint8Array): void {
    this.#pieces(bytes, (piece) => {
      this.#toClient.put(piece.length, () => {
        this.#through("toClient", piece, (passing) => {
          if (!this.#over) {
            this.#receiver?.receive(passing);
          }
        });
        this.#tellServer();
      });
    });
    this.#tellServer();
  }

  closed(error: NanowireError | undefined): void {
    this.#toClient.put(0, () => this.#gone(error));
  }

  /** A server whose bytes nobody takes finds out when so many of them are under way as a network holds. */
  #tellServer(): void {
    this.#inner.reads = this.#toClient.bytes <= this.#windowBytes;
  }

  #gone(error: NanowireError | undefined): void {
    if (!this.#over) {
      this.#over = true;
      this.#receiver?.closed(error);
    }
  }

  #pieces(bytes: Uint8Array, deliver: (piece: Uint8Array) => void): void {
    for (let start = 0; start < bytes.length; start += this.#pieceBytes) {
      deliver(bytes.subarray(start, Math.min(bytes.length, start + this.#pieceBytes)));
    }
  }

  /** Lets as many bytes through as still may pass; after the last the link breaks. */
  #through(way: "toServer" | "toClient", bytes: Uint8Array, deliver: (passing: Uint8Array) => void): void {
    const passing = bytes.subarray(0, Math.min(bytes.length, this.#left[way]));
    this.#left[way] -= passing.length;
    if (passing.length > 0) {
      deliver(passing);
    }
    if (this.#left[way] === 0) {
      this.cut();
    }
  }
}
