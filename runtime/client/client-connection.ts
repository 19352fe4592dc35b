import type { NanowireError } from "../base/error.js";
import type { CallOptions, ClientMethod, ClientPush, Unsubscribe } from "./method.js";

/**
 * A connection to a server, as `connect` makes it. Generated clients call it; a program mostly asks it for what happens
 * to the connection itself. It does not connect again by itself: what the server knew of the client is gone with it.
 */
export interface ClientConnection {
  /** `open` from the handshake on; `closed` for ever after. */
  readonly state: "open" | "closed";

  /** What the server said in the handshake. */
  readonly handshake: ServerHandshake;

  /**
   * Resolved with the reason when the connection is closed, by whichever side. It never rejects. The reason's code is
   * `closed` (this side called {@link close}), `kicked`, `connection_lost`, `heartbeat_timeout`, or names what the server did wrong.
   */
  readonly closed: Promise<NanowireError>;

  /**
   * Calls a method and waits for its answer. The promise is settled exactly once, whatever happens to the connection. It
   * is rejected with a NanowireError:
   * - the server's own (its code, message and details), when the server answers with an error
   * - `invalid_payload`: the message cannot be encoded; nothing is sent
   * - `deadline_exceeded`: no answer came within the time-out
   * - `canceled`: `options.signal` was aborted, with the signal's reason as cause; nothing is sent when it was before
   * - `unavailable`: the connection is, or was, closed before the answer came; the cause is the reason of the close
   * - `invalid_response`: the answer is no message of the method's type
   * - `message_too_large`, `invalid_route`, `invalid_option`: nothing is sent
   */
  request<Req, Res>(method: ClientMethod<Req, Res>, request: Req, options?: CallOptions): Promise<Res>;

  /**
   * Sends a message that is never answered.
   *
   * @throws NanowireError `unavailable` when the connection is closed; `invalid_payload`, `message_too_large` or
   * `invalid_route` when the message cannot be sent. Nothing is sent then.
   */
  notify<Req>(method: ClientMethod<Req, void>, message: Req): void;

  /**
   * Calls the listener with every message of a push, in the order they arrive. A push that comes after an answer is told after the
   * program has gone on from its `await` of that answer: a list of members in it is in place before the next member
   * comes. A listener that throws is logged; it keeps no other listener from being called. A push that nobody listens to is dropped.
   */
  on<T>(push: ClientPush<T>, listener: (message: T) => void): Unsubscribe;

  /** Calls the listener once when the connection is closed, with the reason that {@link closed} tells; soon, when it is closed already. */
  onClose(listener: (reason: NanowireError) => void): Unsubscribe;

  /**
   * Calls the listener when the server tells the client to go, before the connection is closed for it (`kicked`).
   * The reason is the server's text, or empty when it gave none.
   */
  onKick(listener: (reason: string) => void): Unsubscribe;

  /** Sends what waits, and closes. Requests under way are rejected with `unavailable`. Calling it again does nothing. */
  close(): void;
}

/** What the server said in the handshake. */
export interface ServerHandshake {
  /** What the application on the server put there, anything that JSON can say; undefined when nothing. */
  readonly user: unknown;
  /** The server's Unix time in seconds, when it told it. */
  readonly servertime: number | undefined;
}
