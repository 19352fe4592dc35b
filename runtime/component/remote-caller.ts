import type { NanowireError } from "../base/error.js";
import type { ReliableMethod, RemoteMethod } from "./remote-method.js";

/**
 * Calls methods of REMOTE services, on whichever nodes of the cluster host them; the node that calls may be one of them. `server.cluster` implements it; generated clients
 * (`LedgerRemoteClient`, `LedgerRemoteAll`) are made with it, and a program calls those.
 */
export interface RemoteCaller {
  /**
   * Calls a method on one node, and waits for its answer. The promise is settled exactly once. It is rejected with a
   * NanowireError:
   * - the remote's own (its code, message and details), when its handler raised one; `internal` when it threw anything else
   * - `unavailable`: no node that can be reached hosts the service, or has the method as it is known here; the named node does not; or it was lost before it answered, and
   *   nobody knows whether it did what it was asked to
   * - `deadline_exceeded`: no answer came within the time-out
   * - `canceled`: `options.signal` was aborted, with the signal's reason as cause; nothing is sent when it was before
   * - `invalid_payload`: the request cannot be encoded, and nothing is sent; or the other node cannot read it
   * - `invalid_response`: the answer is no message of the method's type
   * - `message_too_large`: the request, or the answer, is longer than nodes send each other
   * - `invalid_option`: an option has a value outside its limits; nothing is sent
   */
  call<Req, Res>(method: RemoteMethod<Req, Res>, request: Req, options?: RemoteCallOptions): Promise<Res>;

  /**
   * Sends a message to one node. It is never answered: what goes wrong once it is sent, nobody hears of here.
   *
   * @throws NanowireError `unavailable` when no node that can be reached hosts the service, or the named one does not; `invalid_payload`, `message_too_large`, `invalid_option`.
   * Nothing is sent then.
   */
  tell<Req>(method: RemoteMethod<Req, void>, message: Req, options?: RemoteTellOptions): void;

  /**
   * Calls a method on every node that hosts the service, at the same time, and waits for all of them: an answer for each, in
   * the order of the nodes' names; none when no node hosts it. What one node does wrong is in its answer. The promise
   * is rejected only with `invalid_payload`, when the request cannot be encoded, or with `invalid_option`; nothing is sent then.
   */
  callAll<Req, Res>(
    method: RemoteMethod<Req, Res>,
    request: Req,
    options?: RemoteCallAllOptions,
  ): Promise<readonly RemoteAnswer<Res>[]>;

  /**
   * Sends a message to every node that hosts the service and can be reached; to none when no node does.
   *
   * @throws NanowireError `invalid_payload`, `message_too_large`, `invalid_option`. Nothing is sent then.
   */
  tellAll<Req>(method: RemoteMethod<Req, void>, message: Req, options?: RemoteTellAllOptions): void;

  /**
   * Has a method called at least once, even if no node hosts its service now, and whoever dies: the call is kept, outside of all nodes, until a handler has returned. One that throws, takes
   * too long, or whose node dies is called again after a pause, on the same node or another. Resolved once the job is kept. It is rejected with a NanowireError:
   * - `unsupported`: what carries the cluster keeps no jobs (`grpc()`)
   * - `unavailable`: nobody says that the job is kept; it may be nevertheless: with the same `id` it can be enqueued once more without being done twice
   * - `invalid_payload`: the message cannot be encoded
   * - `message_too_large`: it is longer than what is kept
   * - `invalid_option`: an option has a value outside its limits
   */
  enqueue<Req>(method: ReliableMethod<Req>, message: Req, options?: EnqueueOptions): Promise<EnqueuedJob>;
}

/** What a job may say. */
export interface EnqueueOptions {
  /**
   * The job's id: 1 to 128 printable characters of ASCII without blanks. A second one of the same method and id within two minutes is not kept. Default: one that is made up
   */
  readonly id?: string;
  /** What the handler finds in its context. Default: nothing. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** How often it is tried at the most; then it is set aside. 1 to 1,000,000. Default: `maxAttempts` of the cluster's `jobs`, 20 */
  readonly maxAttempts?: number;
}

/** A job that is kept. */
export interface EnqueuedJob {
  /** Its id, as its handler finds it. */
  readonly id: string;
  /** Whether there was one of that id already, and nothing was added. */
  readonly duplicate: boolean;
}

/** What a tell to every node may say. */
export interface RemoteTellAllOptions {
  /** What the handler finds in its context. Default: nothing. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What a tell to one node may say. */
export interface RemoteTellOptions extends RemoteTellAllOptions {
  /** The name of the node that is to get it. Default: one that hosts the service; the cluster chooses. */
  readonly node?: string;
}

/** What a call of every node may say. */
export interface RemoteCallAllOptions {
  /**
   * Milliseconds to wait for the answer; 0: for ever. To 2,147,483,647. Default: the method's own (`timeout_ms` of the
   * .proto), or else the server's `requestTimeoutMs`.
   */
  readonly timeoutMs?: number;
  /**
   * When to stop waiting at the latest, whatever `timeoutMs` says: Unix time in milliseconds, as a `RemoteContext` has it. The node that is called knows of it. Default:
   * `timeoutMs` alone.
   */
  readonly deadlineMs?: number | undefined;
  /** Gives the call up: it fails with `canceled`, and the signal of the handler's context is aborted. */
  readonly signal?: AbortSignal;
  /** What the handler finds in its context. Default: nothing. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What a call of one node may say. */
export interface RemoteCallOptions extends RemoteCallAllOptions {
  /** The name of the node that is to answer. Default: one that hosts the service; the cluster chooses. */
  readonly node?: string;
}

/** What one of several nodes answered. */
export type RemoteAnswer<Res> =
  | { readonly node: string; readonly ok: true; readonly value: Res }
  | { readonly node: string; readonly ok: false; readonly error: NanowireError };
