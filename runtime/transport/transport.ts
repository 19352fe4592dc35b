import type { Clock } from "../base/clock.js";
import type { NanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import type { Turn } from "../base/turn.js";
import type { Outbox } from "./outbox.js";
import type { Proxies } from "./proxies.js";

/**
 * A place where clients connect: TCP, WebSocket, memory, or one of your own.
 * `createServer({ listen: [ws({ port: 3250 })] })`
 */
export interface Transport {
  /** What it is called in logs: `tcp`, `tls`, `ws`, `wss`, `hybrid`, `memory`. */
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
  /** Reads certificates anew, where there are some in files; `server.reloadCertificates()` calls it. */
  reloadCertificates?(): Promise<void>;
}

/** Where a transport listens. */
export interface ListenAddress {
  /** The transport's name: `tcp`, `tls`, `ws`, `wss`, `hybrid`, `memory`. */
  readonly transport: string;
  /** The address; of a Unix socket `unix`. */
  readonly host: string;
  /** The port; of a Unix socket 0. */
  readonly port: number;
  /** Where the Unix socket is, when it is one. */
  readonly socketPath?: string;
  /**
   * What a client on the same machine connects to: `ws://127.0.0.1:3250/`. Of a port for both protocols it is
   * WebSocket's; the others connect to the same host and port.
   */
  readonly url: string;
}

/** What the server gives to a transport. */
export interface TransportHost {
  /** The server's log. */
  readonly logger: Logger;
  /** The server's time. */
  readonly clock: Clock;
  /** The end of the turn, where outboxes are written. */
  readonly turn: Turn;
  /** The greatest length of a frame, where the transport has frames: one packet of the greatest length, header and all. */
  readonly maxFrameBytes: number;
  /** The most bytes that may wait in an outbox. */
  readonly maxOutboxBytes: number;
  /** The most packets that may wait in an outbox. */
  readonly maxOutboxMessages: number;
  /** The proxies before the server, for a transport whose clients may come by one. */
  readonly proxies: Proxies;
  /**
   * A client is on its way, and needs time before it is a connection (TLS, an upgrade): it takes a place among the
   * connections that may be open, and its handshake's time begins. A transport whose clients are there at once need not
   * call it.
   *
   * @throws NanowireError `server_full`; it is counted and logged already
   */
  arrive(guest: Guest): Place;
  /**
   * A client connected: returns who takes what it sends. One that is not taken gets a receiver too, and its wire is
   * closed.
   *
   * @param place the client's, when it took one
   */
  accept(wire: Wire, place?: Place): WireReceiver;
  /** What a client of the native protocol is told that is turned away before it has a wire: a packet. */
  refusal(error: NanowireError): Uint8Array;
}

/** A client that is on its way to a connection. */
export interface Guest {
  /** Its time is over: it is to be sent away, and has left its place already. */
  turnAway(reason: NanowireError): void;
}

/** A client's place among the connections that may be open. */
export interface Place {
  /**
   * It is known where the client comes from: from now on it is counted there, too. `accept` does it by itself.
   *
   * @throws NanowireError `too_many_connections`; the place is left then, and it is counted and logged already
   */
  comesFrom(address: string): void;
  /**
   * The client is gone before it was accepted, or is sent away. Calling it again, or after `accept`, does nothing.
   *
   * @param reason why it was sent away, which is counted and logged; undefined when it went by itself
   */
  leave(reason: NanowireError | undefined): void;
}

/** The server's end of one connection, whatever carries it. */
export interface Wire {
  /** What carries it: `tcp`, `tls`, `ws`, `wss`, `memory`. */
  readonly transport: string;
  /** The client's address, without its port: the real one, where a trusted proxy told it. */
  readonly remoteAddress: string;
  /** The address of the proxy that told it. Undefined or absent: the client came by itself. */
  readonly proxyAddress?: string | undefined;
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
  /**
   * Bytes of the packet stream, cut anywhere.
   *
   * @param start where in the array they begin. Default: 0
   * @param end where they end. Default: with the array
   * @param lent whether the array is written again after the call; if not, it may be kept. Default: false
   */
  receive(bytes: Uint8Array, start?: number, end?: number, lent?: boolean): void;
  /**
   * Something came that carries no bytes of the stream, and costs as much as if it did: a ping, a pong, an empty frame. Returns whether it
   * may be answered. Absent: it may.
   */
  idled?(): boolean;
  /** The transport's own protocol was broken (a text frame, say). The receiver closes the wire. */
  violated(error: NanowireError): void;
  /** The other side is gone, or closed. Called once, also after `close()`. */
  closed(): void;
}
