import type { NanowireError } from "../../runtime/base/error.js";
import { Turn } from "../../runtime/base/turn.js";
import { Proxies, type ProxyOptions } from "../../runtime/transport/proxies.js";
import type { Guest, Place, TransportHost, Wire, WireReceiver } from "../../runtime/transport/transport.js";
import { concat } from "../protocol/hex.js";
import { SteppedClock } from "./clock.js";
import { KeptLog } from "./log.js";
import { Arrivals, defer } from "./wait.js";

/** A connection that a transport handed over, and all that it told of it. */
export class AcceptedWire {
  readonly wire: Wire;
  /** What was handed on, piece by piece. */
  readonly pieces: Uint8Array[] = [];
  readonly violations: NanowireError[] = [];
  /** How often it was told that the connection is gone. */
  closings = 0;
  /** How often something came that carries nothing. */
  idles = 0;
  #bytes = 0;
  /** How many bytes are still to come that are the client's greeting. */
  #greeting: number;
  readonly #closed = defer();
  readonly #onReceive: (bytes: Uint8Array) => void;
  #waiting: { readonly count: number; readonly resolve: () => void } | undefined;

  constructor(wire: Wire, greeting: number, onReceive: (bytes: Uint8Array) => void) {
    this.wire = wire;
    this.#greeting = greeting;
    this.#onReceive = onReceive;
  }

  /** How many bytes were handed on. */
  get length(): number {
    return this.#bytes;
  }

  /** Kept when the connection is gone. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Everything that was handed on, once it is so much. */
  async bytes(count: number): Promise<Uint8Array> {
    if (this.#bytes < count) {
      const { promise, resolve } = defer();
      this.#waiting = { count, resolve };
      await promise;
    }
    return concat(...this.pieces);
  }

  receive(array: Uint8Array, start = 0, end: number = array.length): void {
    // It may be lent.
    const received = Uint8Array.prototype.slice.call(array, start, end);
    const bytes = received.subarray(this.#greeting);
    this.#greeting = Math.max(0, this.#greeting - received.length);
    if (received.length > 0 && bytes.length === 0) {
      return;
    }
    this.pieces.push(bytes);
    this.#bytes += bytes.length;
    this.#onReceive(bytes);
    if (this.#waiting !== undefined && this.#bytes >= this.#waiting.count) {
      this.#waiting.resolve();
    }
  }

  idled(): boolean {
    this.idles++;
    return true;
  }

  /** As the contract asks: the receiver closes the wire. */
  violated(error: NanowireError): void {
    this.violations.push(error);
    this.wire.close(error);
  }

  gone(): void {
    this.closings++;
    this.#closed.resolve();
  }
}

/** A place that a client took on its way, and all that became of it. */
export class KeptPlace implements Place {
  readonly guest: Guest;
  readonly addresses: string[] = [];
  /** How often it was left, and why. */
  readonly departures: (NanowireError | undefined)[] = [];
  #left: (() => void) | undefined;
  /** Kept when it is left. */
  readonly left = new Promise<void>((resolve) => {
    this.#left = resolve;
  });

  constructor(guest: Guest) {
    this.guest = guest;
  }

  comesFrom(address: string): void {
    this.addresses.push(address);
  }

  leave(reason: NanowireError | undefined): void {
    this.departures.push(reason);
    this.#left?.();
  }
}

/** What a transport is given where there is no server. */
export class KeptHost implements TransportHost {
  readonly logger = new KeptLog();
  readonly clock = new SteppedClock();
  readonly turn = new Turn();
  proxies = new Proxies();
  /** Those who took a place on their way, in the order they came. */
  readonly places: KeptPlace[] = [];
  /** Why nobody may come, while it is so. */
  full: NanowireError | undefined;
  readonly maxFrameBytes: number;
  readonly maxOutboxBytes: number;
  readonly maxOutboxMessages = 1_000_000;
  /** Connections as they came. */
  readonly accepted = new Arrivals<AcceptedWire>();
  /** With how many bytes a client shows that it is there, which do not count. */
  greeting = 0;
  /** What is done with what is handed on, besides keeping it. */
  onReceive: (wire: Wire, bytes: Uint8Array) => void = () => {};

  constructor(maxFrameBytes = 65_540, maxOutboxBytes = 8_388_608) {
    this.maxFrameBytes = maxFrameBytes;
    this.maxOutboxBytes = maxOutboxBytes;
  }

  /** Believes these proxies. */
  trust(options: ProxyOptions): this {
    this.proxies = new Proxies(options);
    return this;
  }

  arrive(guest: Guest): Place {
    if (this.full !== undefined) {
      throw this.full;
    }
    const place = new KeptPlace(guest);
    this.places.push(place);
    return place;
  }

  refusal({ code }: NanowireError): Uint8Array {
    return new TextEncoder().encode(`refused: ${code}`);
  }

  accept(wire: Wire, place?: Place): WireReceiver {
    (place as KeptPlace | undefined)?.comesFrom(wire.remoteAddress);
    const accepted = new AcceptedWire(wire, this.greeting, (bytes) => this.onReceive(wire, bytes));
    this.accepted.push(accepted);
    return {
      receive: (bytes, start, end) => accepted.receive(bytes, start, end),
      idled: () => accepted.idled(),
      violated: (error) => accepted.violated(error),
      closed: () => accepted.gone(),
    };
  }
}
