import type { NanowireError } from "../base/error.js";
import type { CallOptions, ClientMethod, ClientPush, Unsubscribe } from "./method.js";
import type { OfflineCounts } from "./offline-queue.js";
import type { RoundTrip } from "./round-trip.js";

/**
 * A connection to a server, as `connect` makes it. Generated clients call it; a program mostly asks it for what happens
 * to the connection itself. With the option `reconnect` it is made again when it breaks: the object stays, and with it
 * its listeners and the generated clients on it. What the server knew of the client is gone: log in again in `onReconnected`. With `resume` the server may have kept it.
 */
export interface ClientConnection {
  /** `open`; `closed` for ever. With `reconnect` also `reconnecting`, in a pause, and `connecting`, in an attempt. */
  readonly state: ConnectionStatus["state"];

  /** The same, with what there is to say of it. */
  readonly status: ConnectionStatus;

  /** What the server said in the handshake, the last one. */
  readonly handshake: ServerHandshake;

  /** How long a message and its answer take. docs/client.md tells what is measured. */
  readonly roundTrip: RoundTrip;

  /** What waits for a connection, and what was dropped. */
  readonly offline: OfflineCounts;

  /**
   * Resolved with the reason when the connection is closed for good, by whichever side. It never rejects. The reason's code is
   * `closed` (this side called {@link close}), `kicked`, `connection_lost`, `heartbeat_timeout`, or names what the server did
   * wrong; with `reconnect` that of the last attempt, when no more are made, or `canceled`: its signal was aborted.
   */
  readonly closed: Promise<NanowireError>;

  /**
   * Calls a method and waits for its answer. The promise is settled exactly once, whatever happens to the connection. It
   * is rejected with a NanowireError:
   * - the server's own (its code, message and details), when the server answers with an error
   * - `invalid_payload`: the message cannot be encoded; nothing is sent
   * - `deadline_exceeded`: no answer came within the time-out
   * - `canceled`: `options.signal` was aborted, with the signal's reason as cause; nothing is sent when it was before
   * - `unavailable`: the connection is, or was, closed before the answer came; the cause is the reason of the close. A request
   *   that was under way when the connection broke is rejected at once, whether or not it is made again: the server may have handled it.
   *   With `resume` it waits for its answer until the session turns out to be gone
   * - `invalid_response`: the answer is no message of the method's type
   * - `message_too_large`, `invalid_route`, `invalid_option`: nothing is sent
   */
  request<Req, Res>(method: ClientMethod<Req, Res>, request: Req, options?: CallOptions): Promise<Res>;

  /**
   * Sends a message that is never answered. While the connection is being made again, it waits; when too much waits, the
   * oldest such messages are dropped and counted in {@link offline}.
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

  /** Calls the listener whenever the {@link status} changes. */
  onState(listener: (status: ConnectionStatus) => void): Unsubscribe;

  /** Calls the listener once when the connection is closed for good, with the reason that {@link closed} tells; soon, when it is closed already. */
  onClose(listener: (reason: NanowireError) => void): Unsubscribe;

  /**
   * Calls the listener when the server tells the client to go, before the connection is closed for it (`kicked`).
   * The reason is the server's text, or empty when it gave none.
   */
  onKick(listener: (reason: string) => void): Unsubscribe;

  /**
   * Calls the listener when the server says that it is about to stop. With `reconnect`, the client then leaves and comes back by itself, and
   * loses no notify by it; without, no server says so.
   */
  onDrain(listener: (notice: DrainNotice) => void): Unsubscribe;

  /** Sends what was handed to the socket, and closes for good: what waited for a connection is dropped. Requests under way are rejected with `unavailable`. Calling it again does nothing. */
  close(): void;
}

/** Where a connection is in its life. */
export type ConnectionStatus =
  | {
      /** An attempt is under way. */
      readonly state: "connecting";
      /** Which one in a row. */
      readonly attempt: number;
    }
  | {
      readonly state: "open";
      /** Whether the session of the connection before goes on ({@link resumption}); false: it is a new one. */
      readonly resumed: boolean;
    }
  | {
      /** It broke, and is made again after a pause. */
      readonly state: "reconnecting";
      /** Which attempt in a row comes next. */
      readonly attempt: number;
      /** How long the pause is, in milliseconds. */
      readonly delayMs: number;
      /** Why it broke, or why the last attempt failed. */
      readonly reason: NanowireError;
    }
  | {
      /** For good. */
      readonly state: "closed";
      readonly reason: NanowireError;
    };

/** What a server says before it stops. */
export interface DrainNotice {
  /** Why, for a program or for people. */
  readonly reason: string;
  /** After how many milliseconds the client connects again. */
  readonly delayMs: number;
  /** Where the server sends it; undefined: where it was. */
  readonly url: string | undefined;
}

/** What the server said in the handshake. */
export interface ServerHandshake {
  /** What the application on the server put there, anything that JSON can say; undefined when nothing. */
  readonly user: unknown;
  /** The server's Unix time in seconds, when it told it. */
  readonly servertime: number | undefined;
}
