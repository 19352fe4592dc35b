import type { NanowireError } from "../base/error.js";

/** The client's end of a connection, whatever carries it: a WebSocket, a TCP socket, memory. */
export interface ClientSocket {
  /**
   * Says who takes what arrives; called once, at once after the socket is made. Nothing is lost before it: what
   * arrives earlier waits.
   */
  start(receiver: ClientReceiver): void;
  /** Sends whole packets; over WebSocket, one binary frame. The bytes are taken over: the caller does not write to them again. */
  send(packets: Uint8Array): void;
  /** Sends what is waiting and closes. After it nothing is received. Calling it again does nothing. */
  close(): void;
}

/** Takes what arrives at a {@link ClientSocket}. */
export interface ClientReceiver {
  /** Bytes of the packet stream, cut anywhere. They may be kept. */
  receive(bytes: Uint8Array): void;
  /** The other side closed, or the connection broke (`error`). Called once at most, and not after `close()`. */
  closed(error: NanowireError | undefined): void;
}

/**
 * Makes a socket that is connected.
 *
 * @throws NanowireError `connect_failed`
 */
export type Dial = (signal: AbortSignal) => Promise<ClientSocket>;
