import type { Awaitable } from "../base/awaitable.js";
import { LifeCycle } from "./life-cycle.js";
import type { RemoteMethod } from "./remote-method.js";

/**
 * What a call from another node brings besides its message. A handler gets it as its first argument, and hands it on to what it calls in its turn, as that call's options: signal,
 * deadline and metadata then go along.
 *
 * ```ts
 * override async add(context: RemoteContext, request: AddRequest): Promise<AddResponse> {
 *   return this.#audit.check(request, context);
 * }
 * ```
 */
export interface RemoteContext {
  /** The name of the node that calls. */
  readonly caller: string;
  /**
   * When the caller stops waiting: Unix time in milliseconds, by the clock of the node that is called. Undefined: it waits
   * for ever, or it does not wait, having told and not called.
   */
  readonly deadlineMs: number | undefined;
  /**
   * Aborted when nobody waits for the answer any more: the deadline is over, the caller has given up, or is gone; of a tell,
   * when its time is over.
   */
  readonly signal: AbortSignal;
  /** What the caller sent along. Empty when it sent nothing. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Which job this is an attempt of; undefined for a call or a tell. Of a job `caller` is the node that took it from the queue. */
  readonly job?: JobAttempt | undefined;
}

/** One attempt of a job. It may have been made before, as far as to its end: a handler that must not do a thing twice remembers `id`. */
export interface JobAttempt {
  /** The job's id: with each attempt the same. */
  readonly id: string;
  /** The how manieth attempt it is: 1 for the first. */
  readonly attempt: number;
  /** The id of the node that wants it done. */
  readonly enqueuedBy: string;
  /** When it did: Unix time in milliseconds, by that node's clock. */
  readonly enqueuedAtMs: number;
}

/**
 * How a remote answers one method.
 *
 * @typeParam R the remote
 */
export interface RemoteHandler<R, Req, Res> {
  /** The method that it answers. */
  readonly method: RemoteMethod<Req, Res>;
  /** Calls the remote's method. */
  readonly invoke: (remote: R, context: RemoteContext, request: Req) => Awaitable<Res>;
  /**
   * `service`: one message of the whole remote at a time; a call that nobody waits for any more is not begun, and one that is under way then keeps its turn until it is done, or its
   * time is over. Default: `none`, every message at once when it arrives.
   */
  readonly order?: "service" | "none";
}

/** A handler whose message types only its own codecs and its remote know. Made by {@link defineRemoteHandler}. */
export type AnyRemoteHandler<R> = RemoteHandler<R, unknown, unknown>;

/**
 * One service of kind REMOTE, as the generator describes it.
 *
 * @typeParam R the remote that implements it
 */
export interface RemoteDefinition<R> {
  /** The service's name within the cluster: `Ledger`. */
  readonly name: string;
  /** The full name in the .proto: `bank.v1.Ledger`. */
  readonly protoName: string;
  /** What answers each of its methods. */
  readonly handlers: readonly AnyRemoteHandler<R>[];
}

/**
 * Takes a handler with its types checked, and hides them: a handler is handed only what its method's own codec has decoded,
 * so the types hold without being named there.
 */
export function defineRemoteHandler<R, Req, Res>(handler: RemoteHandler<R, Req, Res>): AnyRemoteHandler<R> {
  return handler as unknown as AnyRemoteHandler<R>;
}

/** The definition of a remote whose type is not known here. */
type AnyRemote = RemoteDefinition<never>;

/**
 * What a generated stub of a REMOTE service extends: an object that answers the other nodes of the cluster, with the life
 * cycle of a component: it starts before all components, and stops after them. It is no {@link Component}: no client reaches it. `createServer({ remotes, cluster })` takes it.
 */
export abstract class Remote extends LifeCycle {
  readonly #definition: AnyRemote;

  /** Called by the generated stub with the service that it stands for. */
  protected constructor(definition: AnyRemote) {
    super();
    this.#definition = definition;
  }

  /** The service that a remote implements. */
  static definitionOf(remote: Remote): RemoteDefinition<never> {
    return remote.#definition;
  }
}
