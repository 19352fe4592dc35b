import type { Awaitable } from "../base/awaitable.js";
import type { MessageCodec } from "../protocol/codec.js";
import type { RouteDictionary } from "../protocol/dictionary.js";
import type { ShardKey } from "../protocol/shard-key.js";
import type { ConflationKey } from "../session/push.js";
import type { Session } from "../session/session.js";

/**
 * What waits for what.
 * - `session`: one message of a session at a time, in the order of arrival.
 * - `service`: one message of the whole component at a time; each session's own order is kept too.
 * - `none`: every message at once when it arrives.
 */
export type HandlingOrder = "session" | "service" | "none";

/** A token bucket: `messages` at once, filled again at the rate of `messages` in `perMs` milliseconds. */
export interface RateLimit {
  /** How many messages, 1 or more. */
  readonly messages: number;
  /** In how many milliseconds, 1 or more. */
  readonly perMs: number;
}

/**
 * What becomes of a message of a session while earlier ones of the same method wait in that session's order. Absent: it waits, too.
 * - `refuse`: where `maxWaiting` wait, it is refused with `overloaded`.
 * - `dropOldest`: where `maxWaiting` wait, the oldest of them gives way, with `overloaded`.
 * - `conflate`: one of the same key that waits gives way, with `replaced`. Without a key: whichever waits.
 *
 * A notify that is refused or gives way is dropped and counted.
 *
 * @typeParam Req what the client sends
 */
export type Overload<Req> =
  | { readonly policy: "refuse" | "dropOldest"; readonly maxWaiting: number }
  | { readonly policy: "conflate"; readonly key?: (request: Req) => ConflationKey };

/**
 * One method of a service, as the generator describes it.
 *
 * @typeParam C the component
 * @typeParam Req what the client sends
 * @typeParam Res what it gets back; `void` for a notify or an acknowledgement
 */
export interface MethodDefinition<C, Req, Res> {
  /** The method's name in the .proto: `Join`. */
  readonly name: string;
  /** What the component's method is called. Default: the name with its first letter in lower case, `join`. */
  readonly localName?: string;
  /** `Room.Join`. */
  readonly route: string;
  /** The route's code in the dictionary; 0: the service has none. */
  readonly code: number;
  /** Routes that it had before it was renamed: a client that sends one of them in full reaches it too. Default: none. */
  readonly was?: readonly string[];
  /** A request is answered exactly once; a notify never. */
  readonly kind: "request" | "notify";
  /** Writes and reads what the client sends. */
  readonly request: MessageCodec<Req>;
  /** Writes and reads what it gets back. */
  readonly response: MessageCodec<Res>;
  /** Calls the component's method. */
  readonly invoke: (component: C, session: Session, request: Req) => Awaitable<Res>;
  /** Default: `session`. */
  readonly order?: HandlingOrder;
  /** Milliseconds that the handler may take; 0: for ever. Default: the server's `requestTimeoutMs`. */
  readonly timeoutMs?: number;
  /** Default: no limit. */
  readonly rateLimit?: RateLimit;
  /** Whether only a bound session may call. Default: false. */
  readonly boundOnly?: boolean;
  /** The most bytes that the payload may have, inflated where it came compressed. Default: what the server's limits allow. */
  readonly maxPayloadBytes?: number;
  /** What becomes of a message while earlier ones of its method wait. Default: it waits, too. Without effect for the order `none`. */
  readonly overload?: Overload<Req>;
  /** By what of the request a gate chooses the node that handles it, where several could. Default: it chooses one for the session. */
  readonly shardKey?: ShardKey;
  /**
   * 8 hex digits that say how the method's calls are written: nodes that have the same for it read them alike. It is a hash of the kind
   * and of the shapes of both messages and all that these hold: numbers, types, lists, maps, not names; but for names in JSON, where the project
   * was generated with it. A gate forwards calls only to nodes whose method has the same. Default: to every node that has the route
   */
  readonly fingerprint?: string;
}

/** What the component's method is called that a method of a service stands for. */
export function handlerName({ name, localName }: { readonly name: string; readonly localName?: string }): string {
  return localName ?? name.slice(0, 1).toLowerCase() + name.slice(1);
}

/** A method whose message types only its own codecs and its component know. Made by {@link defineMethod}. */
export type AnyMethod<C> = MethodDefinition<C, unknown, unknown>;

/**
 * One service of kind HANDLER, as the generator describes it.
 *
 * @typeParam C the component that implements it
 */
export interface ServiceDefinition<C> {
  /** The first part of its routes: `Room`. */
  readonly name: string;
  /** The full name in the .proto: `chat.v1.Room`. */
  readonly protoName: string;
  /** The dictionary that was generated with it. Absent: its routes have no codes, `code` is 0 in each method, and clients send them in full. */
  readonly dictionary?: RouteDictionary;
  /** Its methods, made by {@link defineMethod}. */
  readonly methods: readonly AnyMethod<C>[];
}

/**
 * Takes a method's description with its types checked, and hides them: the dispatcher hands a method only what the
 * method's own codec has decoded, so the types hold without being named there.
 */
export function defineMethod<C, Req, Res>(method: MethodDefinition<C, Req, Res>): AnyMethod<C> {
  return method as unknown as AnyMethod<C>;
}
