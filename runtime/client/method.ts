import type { ProtobufCodec } from "../protocol/codec.js";

/**
 * A request or a notify, as the generated client proxy describes it.
 *
 * @typeParam Req what is sent
 * @typeParam Res what comes back; `void` for a notify or an acknowledgement
 */
export interface ClientMethod<Req, Res> {
  /** `Room.Join`. */
  readonly route: string;
  /** The route's code in the dictionary that the client was generated with. */
  readonly code: number;
  /** Writes what is sent. */
  readonly request: ProtobufCodec<Req>;
  /** Reads what is answered. */
  readonly response: ProtobufCodec<Res>;
}

/**
 * A push that a generated client can listen to.
 *
 * @typeParam T what is pushed
 */
export interface ClientPush<T> {
  /** `RoomEvents.Joined`. */
  readonly route: string;
  /** The route's code in the dictionary that the client was generated with. */
  readonly code: number;
  /** Reads what is pushed. */
  readonly message: ProtobufCodec<T>;
}

/** What a single call may say. */
export interface CallOptions {
  /** Milliseconds to wait for the answer; 0: for ever. To 2,147,483,647. Default: the connection's `requestTimeoutMs`. */
  readonly timeoutMs?: number;
  /** Gives the call up: its promise is rejected with `canceled`. The server is not told, and a late answer is ignored. */
  readonly signal?: AbortSignal;
}

/** Ends a listener. Calling it again does nothing. */
export type Unsubscribe = () => void;
