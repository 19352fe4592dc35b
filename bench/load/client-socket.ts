// A hot file of the load generator: what every connection writes and reads goes through here.

import { connect, type Socket } from "node:net";
import { PacketAnswers, RawAnswers } from "./answers.js";
import { FrameAnswers } from "./frame-answers.js";
import type { LoadOptions } from "./load.js";
import { ackPacket, handshakePacket, heartbeatPacket } from "./packets.js";
import { answerPeer, type PeerClient } from "./peers.js";
import { FrameReader, maskedFrame, type PayloadReader, upgradeEnd, upgradeRequest } from "./websocket.js";

/** How a client of a load generator speaks, and what it is to be told. */
export interface ClientOptions extends Pick<LoadOptions, "transport" | "port" | "format" | "answers"> {
  /** The path that is asked for in an upgrade. Default: `/`, or what the server's kind has */
  readonly path?: string | undefined;
}

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
    const { transport, port, path } = options;
    this.#options = options;
    this.#host = host;
    this.#reader = this.#readerOf(options);
    this.#upgrade = transport === "ws" ? new Uint8Array(0) : undefined;
    this.#socket = connect({
      port,
      host: "127.0.0.1",
      noDelay: true,
      onread: { buffer: host.readBuffer, callback: (count) => this.#received(count) },
    });
    this.#socket.on("connect", () =>
      transport === "ws" ? this.#socket.write(upgradeRequest(port, path)) : this.#open(),
    );
    this.#socket.on("error", (error) => host.failed(error));
    this.#socket.on("close", () => host.failed(new Error("the server closed a connection")));
  }

  /** Writes bytes that are ready for the transport. */
  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /**
   * Writes bytes of the protocol: over WebSocket as a frame of their own.
   *
   * @param first FIN and opcode of the frame. Default: those of a binary one
   */
  send(bytes: Uint8Array, first?: number): void {
    this.#socket.write(this.#options.transport === "ws" ? maskedFrame(bytes, first) : bytes);
  }

  /** Ends the connection, of which nothing is told any more. */
  close(): void {
    this.#socket.removeAllListeners("close");
    this.#socket.destroy();
  }

  #readerOf({ transport, format, answers }: ClientOptions): PayloadReader {
    const host = this.#host;
    switch (format) {
      case "raw": {
        const reader = new RawAnswers(answers[0] as Uint8Array);
        return transport === "ws" ? new FrameReader(reader) : reader;
      }
      case "packets": {
        const reader = new PacketAnswers(
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
        return transport === "ws" ? new FrameReader(reader) : reader;
      }
      default: {
        const client: PeerClient = {
          send: (payload, first) => this.send(payload, first),
          opened: () => host.opened(),
          heartbeat: () => host.heartbeat(),
        };
        return new FrameAnswers(answers, (frame) => answerPeer[format](client, frame));
      }
    }
  }

  /** The transport is there. Whoever does not speak first waits for the server. */
  #open(): void {
    if (this.#options.format === "packets") {
      this.send(handshakePacket());
    } else if (this.#options.format === "raw") {
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
