// A hot file of the load generator: one clock and one write for all answers that arrive together.

import { connect, type Socket } from "node:net";
import { PacketAnswers, RawAnswers } from "./answers.js";
import type { LoadOptions } from "./load.js";
import { ackPacket, handshakePacket } from "./packets.js";
import { FrameReader, maskedFrame, type PayloadReader, upgradeEnd, upgradeRequest } from "./websocket.js";

/** What the connections of one load generator share. */
export interface LoadHost {
  readonly options: LoadOptions;
  /** What is read goes here, whoever reads: it is looked at before anything else can arrive. */
  readonly readBuffer: Uint8Array;
  readonly writes: Writes;
  /** The connection can carry requests. */
  opened(): void;
  failed(error: Error): void;
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
export function framedRequests({ transport, requests }: LoadOptions): readonly Uint8Array[] {
  return transport === "ws" ? requests.map(maskedFrame) : requests;
}

/** One connection that keeps a number of requests unanswered. */
export class LoadConnection {
  readonly #host: LoadHost;
  readonly #socket: Socket;
  readonly #inFlight: number;
  /** When each unanswered request was written; the oldest is at `#next`, where the next will be. */
  readonly #sentAt: Float64Array;
  #next = 0;
  #unanswered = 0;
  #reader: PayloadReader;
  /** What has arrived of the answer to the upgrade; undefined when there is none to come. */
  #upgrade: Uint8Array | undefined;

  constructor(host: LoadHost) {
    const { transport, port, inFlight, format, answers } = host.options;
    this.#host = host;
    this.#inFlight = inFlight;
    this.#sentAt = new Float64Array(inFlight);
    this.#reader =
      format === "raw"
        ? new RawAnswers(answers[0] as Uint8Array)
        : new PacketAnswers(answers, () => {
            this.#send(ackPacket());
            host.opened();
          });
    if (transport === "ws") {
      this.#reader = new FrameReader(this.#reader);
      this.#upgrade = new Uint8Array(0);
    }
    this.#socket = connect({
      port,
      host: "127.0.0.1",
      noDelay: true,
      onread: { buffer: host.readBuffer, callback: (count) => this.#received(count) },
    });
    this.#socket.on("connect", () => (transport === "ws" ? this.#socket.write(upgradeRequest(port)) : this.#open()));
    this.#socket.on("error", (error) => host.failed(error));
    this.#socket.on("close", () => host.failed(new Error("the server closed a connection")));
  }

  /** Writes the first requests; from then on each answer is followed by a request until the host says no. */
  start(now: number): void {
    this.#write(this.#inFlight, now);
  }

  #open(): void {
    if (this.#host.options.format === "packets") {
      this.#send(handshakePacket());
    } else {
      this.#host.opened();
    }
  }

  /** Before the load: over WebSocket a frame for itself. */
  #send(bytes: Uint8Array): void {
    this.#socket.write(this.#host.options.transport === "ws" ? maskedFrame(bytes) : bytes);
  }

  #received(count: number): boolean {
    try {
      if (this.#upgrade === undefined) {
        this.#answered(this.#reader.read(this.#host.readBuffer, 0, count), count);
      } else {
        this.#upgraded(Buffer.concat([this.#upgrade, this.#host.readBuffer.subarray(0, count)]));
      }
    } catch (error) {
      this.#host.failed(error as Error);
    }
    return true;
  }

  #upgraded(received: Uint8Array): void {
    const end = upgradeEnd(received);
    this.#upgrade = end < 0 ? received : undefined;
    if (end >= 0) {
      this.#open();
      this.#reader.read(received, end, received.length);
    }
  }

  #answered(count: number, bytes: number): void {
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
