import type { NanowireError } from "../../runtime/base/error.js";
import { Turn } from "../../runtime/base/turn.js";
import type { TransportHost, Wire, WireReceiver } from "../../runtime/transport/transport.js";
import { concat } from "../protocol/hex.js";
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
  #bytes = 0;
  readonly #closed = defer();
  readonly #onReceive: (bytes: Uint8Array) => void;
  #waiting: { readonly count: number; readonly resolve: () => void } | undefined;

  constructor(wire: Wire, onReceive: (bytes: Uint8Array) => void) {
    this.wire = wire;
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

  receive(bytes: Uint8Array): void {
    this.pieces.push(bytes);
    this.#bytes += bytes.length;
    this.#onReceive(bytes);
    if (this.#waiting !== undefined && this.#bytes >= this.#waiting.count) {
      this.#waiting.resolve();
    }
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

/** What a transport is given where there is no server. */
export class KeptHost implements TransportHost {
  readonly logger = new KeptLog();
  readonly turn = new Turn();
  readonly maxFrameBytes: number;
  readonly maxOutboxBytes: number;
  /** Connections as they came. */
  readonly accepted = new Arrivals<AcceptedWire>();
  /** What is done with what is handed on, besides keeping it. */
  onReceive: (wire: Wire, bytes: Uint8Array) => void = () => {};

  constructor(maxFrameBytes = 65_540, maxOutboxBytes = 8_388_608) {
    this.maxFrameBytes = maxFrameBytes;
    this.maxOutboxBytes = maxOutboxBytes;
  }

  accept(wire: Wire): WireReceiver {
    const accepted = new AcceptedWire(wire, (bytes) => this.onReceive(wire, bytes));
    this.accepted.push(accepted);
    return {
      receive: (bytes) => accepted.receive(bytes),
      violated: (error) => accepted.violated(error),
      closed: () => accepted.gone(),
    };
  }
}
