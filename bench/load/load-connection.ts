// A hot file of the load generator: one clock and one write for all answers that arrive together.

import { type ClientHost, ClientSocket } from "./client-socket.js";
import type { LoadOptions } from "./load.js";
import { binaryFrame, textFrame } from "./peers.js";
import { maskedFrame } from "./websocket.js";

/** What the connections of one load generator share. */
export interface LoadHost {
  readonly options: LoadOptions;
  /** What is read goes here, whoever reads: it is looked at before anything else can arrive. */
  readonly readBuffer: Uint8Array;
  readonly writes: Writes;
  /** The connection can carry requests. */
  opened(): void;
  failed(error: Error): void;
  heartbeat(): void;
  /** Answers arrived. Returns whether as many requests are to follow. */
  answered(count: number, bytes: number, now: number): boolean;
  /** A request was answered after `ms`. */
  took(ms: number): void;
  sent(count: number, bytes: number): void;
  /** Nothing is unanswered, and nothing follows. */
  idle(): void;
}

/** Every run of requests that a connection can have to write, each as one array made ahead of time. */
export class Writes {
  readonly #inFlight: number;
  readonly #runs: Uint8Array[] = [];

  constructor(requests: readonly Uint8Array[]) {
    this.#inFlight = requests.length;
    const twice = Buffer.concat([...requests, ...requests]);
    const sizes = [...requests, ...requests].map((request) => request.length);
    let start = 0;
    for (let first = 0; first < requests.length; first++) {
      let end = start;
      for (let count = 1; count <= requests.length; count++) {
        end += sizes[first + count - 1] as number;
        this.#runs.push(twice.subarray(start, end));
      }
      start += sizes[first] as number;
    }
  }

  /** The bytes of `count` requests, beginning with the one numbered `first`. */
  run(first: number, count: number): Uint8Array {
    return this.#runs[first * this.#inFlight + count - 1] as Uint8Array;
  }
}

/** The requests as the transport carries them: over WebSocket each is a frame. */
export function framedRequests({ transport, format, requests }: LoadOptions): readonly Uint8Array[] {
  const first = format === "socket.io" ? textFrame : binaryFrame;
  return transport === "ws" ? requests.map((request) => maskedFrame(request, first)) : requests;
}

/** One connection that keeps a number of requests unanswered. */
export class LoadConnection implements ClientHost {
  readonly readBuffer: Uint8Array;
  readonly #host: LoadHost;
  readonly #socket: ClientSocket;
  readonly #inFlight: number;
  /** When each unanswered request was written; the oldest is at `#next`, where the next will be. */
  readonly #sentAt: Float64Array;
  #next = 0;
  #unanswered = 0;

  /** @param path the path that is asked for in an upgrade */
  constructor(host: LoadHost, path?: string) {
    const { inFlight } = host.options;
    this.readBuffer = host.readBuffer;
    this.#host = host;
    this.#inFlight = inFlight;
    this.#sentAt = new Float64Array(inFlight);
    this.#socket = new ClientSocket({ ...host.options, path }, this);
  }

  /** Writes the first requests; from then on each answer is followed by a request until the host says no. */
  start(now: number): void {
    this.#write(this.#inFlight, now);
  }

  opened(): void {
    this.#host.opened();
  }

  failed(error: Error): void {
    this.#host.failed(error);
  }

  heartbeat(): void {
    this.#host.heartbeat();
  }

  received(count: number, bytes: number): void {
    if (count > this.#unanswered) {
      throw new Error(`${count} answers came to ${this.#unanswered} requests`);
    }
    const host = this.#host;
    const now = performance.now();
    let oldest = this.#next - this.#unanswered;
    oldest += oldest < 0 ? this.#inFlight : 0;
    for (let index = 0; index < count; index++) {
      host.took(now - (this.#sentAt[oldest] as number));
      oldest = oldest + 1 === this.#inFlight ? 0 : oldest + 1;
    }
    this.#unanswered -= count;
    if (host.answered(count, bytes, now)) {
      if (count > 0) {
        this.#write(count, now);
      }
    } else if (this.#unanswered === 0 && count > 0) {
      host.idle();
    }
  }

  #write(count: number, now: number): void {
    const bytes = this.#host.writes.run(this.#next, count);
    for (let index = 0; index < count; index++) {
      this.#sentAt[this.#next] = now;
      this.#next = this.#next + 1 === this.#inFlight ? 0 : this.#next + 1;
    }
    this.#unanswered += count;
    this.#host.sent(count, bytes.length);
    this.#socket.write(bytes);
  }
}
