import type { NanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import type { Turn } from "../base/turn.js";
import type { Outbox } from "./outbox.js";

/** A place where clients connect: TCP, WebSocket, memory. `createServer({ listen: [ws({ port: 3250 })] })` */
export interface Transport {
  /** What it is called in logs and counters: `tcp`, `ws`, `memory`. */
  readonly name: string;
  /**
   * Begins to listen. Resolved when clients can connect.
   *
   * @throws NanowireError `listen_failed`
   */
  listen(host: TransportHost): Promise<void>;
  /** Where clients connect; undefined while it does not listen. */
  readonly address: ListenAddress | undefined;
  /** Takes no more clients; those that are connected stay. Resolved when the port is free. */
  close(): Promise<void>;
}

/** Where a transport listens. */
export interface ListenAddress {
  readonly transport: string;
  readonly host: string;
  readonly port: number;
  /** What a client on the same machine connects to: `ws://127.0.0.1:3250/`. */
  readonly url: string;
}

/** What the server gives to a transport. */
export interface TransportHost {
  readonly logger: Logger;
  /** The end of the turn, where outboxes are written. */
  readonly turn: Turn;
  /** The greatest length of a frame, where the transport has frames: one packet of the greatest length, header and all. */
  readonly maxFrameBytes: number;
  /** The most bytes that may wait in an outbox. */
  readonly maxOutboxBytes: number;
  /** A client connected: returns who takes what it sends. */
  accept(wire: Wire): WireReceiver;
}

/** The server's end of one connection, whatever carries it. */
export interface Wire {
  /** The transport's name. */
  readonly transport: string;
  /** The address of the other side, without its port. */
  readonly remoteAddress: string;
  /** What waits to be written. */
  readonly outbox: Outbox;
  /** Sends each packet in a frame of its own from now on. Absent where there are no frames. */
  framePackets?(): void;
  /** Reads no more until {@link resume}: what the client sends then waits in the network. */
  pause(): void;
  /** Reads again. */
  resume(): void;
  /**
   * Writes what waits in the outbox, says why where the transport can, and closes. What arrives after it is dropped.
   * Calling it again does nothing.
   */
  close(reason: NanowireError): void;
}

/** Takes what arrives on a {@link Wire}. */
export interface WireReceiver {
  /** Bytes of the packet stream, cut anywhere. They may be kept: they are not written again. */
  receive(bytes: Uint8Array): void;
  /** The transport's own protocol was broken (a text frame, say). The receiver closes the wire. */
  violated(error: NanowireError): void;
  /** The other side is gone, or closed. Called once, also after `close()`. */
  closed(): void;
}
