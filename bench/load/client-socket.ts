// A hot file of the load generator: what every connection writes and reads goes through here.

import { connect, type Socket } from "node:net";
import { PacketAnswers, RawAnswers } from "./answers.js";
import type { LoadOptions } from "./load.js";
import { ackPacket, handshakePacket, heartbeatPacket } from "./packets.js";
import { FrameReader, maskedFrame, type PayloadReader, upgradeEnd, upgradeRequest } from "./websocket.js";

/** How a client of a load generator speaks, and what it is to be told. */
export type ClientOptions = Pick<LoadOptions, "transport" | "port" | "format" | "answers">;

/** Whoever has a {@link ClientSocket}. */
export interface ClientHost {
  /** What is read goes here, whoever reads: it is looked at before anything else can arrive. */
  readonly readBuffer: Uint8Array;
  /** The connection can carry requests. */
  opened(): void;
  /** Bytes arrived that end `count` answers, which may be none. What it throws is a failure. */
  received(count: number, bytes: number): void;
  failed(error: Error): void;
  /** A heartbeat has come, and was answered. */
  heartbeat(): void;
}

/** One connection of a load generator, as far as the server sees it: upgrade, handshake, packets. */
export class ClientSocket {
  readonly #options: ClientOptions;
  readonly #host: ClientHost;
  readonly #socket: Socket;
  readonly #reader: PayloadReader;
  /** What has arrived of the answer to the upgrade; undefined when there is none to come. */
  #upgrade: Uint8Array | undefined;

  constructor(options: ClientOptions, host: ClientHost) {
    const { transport, port, format, answers } = options;
    this.#options = options;
    this.#host = host;
    const reader =
      format === "raw"
        ? new RawAnswers(answers[0] as Uint8Array)
        : new PacketAnswers(
            answers,
            () => {
              this.send(ackPacket());
              host.opened();
            },
            () => {
              this.send(heartbeatPacket());
              host.heartbeat();
            },
          );
    this.#reader = transport === "ws" ? new FrameReader(reader) : reader;
    this.#upgrade = transport === "ws" ? new Uint8Array(0) : undefined;
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

  /** Writes bytes that are ready for the transport. */
  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Writes bytes of the protocol: over WebSocket as a frame of their own. */
  send(bytes: Uint8Array): void {
    this.#socket.write(this.#options.transport === "ws" ? maskedFrame(bytes) : bytes);
  }

  /** Ends the connection, of which nothing is told any more. */
  close(): void {
    this.#socket.removeAllListeners("close");
    this.#socket.destroy();
  }

  #open(): void {
    if (this.#options.format === "packets") {
      this.send(handshakePacket());
    } else {
      this.#host.opened();
    }
  }

  #received(count: number): boolean {
    try {
      if (this.#upgrade === undefined) {
        this.#host.received(this.#reader.read(this.#host.readBuffer, 0, count), count);
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
      this.#host.received(this.#reader.read(received, end, received.length), received.length - end);
    }
  }
}
