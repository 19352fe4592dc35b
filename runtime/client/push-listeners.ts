// A hot file: every push passes it. A push is decoded once, however many listen.

import { Listeners } from "../base/listeners.js";
import type { Logger } from "../base/logger.js";
import type { ProtobufCodec } from "../protocol/codec.js";
import type { ClientPush, Unsubscribe } from "./method.js";

/** Who listens to which push. */
export class PushListeners {
  readonly #logger: Logger;
  /** Mostly one a route; more where the same route was generated more than once. */
  readonly #byRoute = new Map<string, Entry[]>();
  /** The same arrays, by the codes that the client was generated with. */
  readonly #byCode = new Map<number, Entry[]>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add<T>(push: ClientPush<T>, listener: (message: T) => void): Unsubscribe {
    const entries = this.#byRoute.get(push.route) ?? [];
    // Of the same codec: of the same type.
    let entry = entries.find((other) => other.message === push.message) as PushEntry<T> | undefined;
    if (entry === undefined) {
      entry = new PushEntry(push);
      entries.push(entry);
      this.#byRoute.set(push.route, entries);
      this.#byCode.set(push.code, entries);
    }
    return subscribe(entry.listeners, listener);
  }

  /** A push came with its route. Returns whether anybody listens. */
  receiveRoute(route: string, payload: Uint8Array): boolean {
    return this.#receive(this.#byRoute.get(route), payload);
  }

  /** A push came with a code that the client was generated with. Returns whether anybody listens. */
  receiveCode(code: number, payload: Uint8Array): boolean {
    return this.#receive(this.#byCode.get(code), payload);
  }

  /** Removes all. */
  clear(): void {
    this.#byRoute.clear();
    this.#byCode.clear();
  }

  #receive(entries: readonly Entry[] | undefined, payload: Uint8Array): boolean {
    let heard = false;
    if (entries !== undefined) {
      for (const entry of entries) {
        heard = entry.receive(payload, this.#logger) || heard;
      }
    }
    return heard;
  }
}

/** Adds a listener that is not called any more once it is ended, not even by the call that is under way. */
export function subscribe<T>(listeners: Listeners<T>, listener: (value: T) => void): Unsubscribe {
  let ended = false;
  const remove = listeners.add((value) => {
    if (!ended) {
      listener(value);
    }
  });
  return () => {
    ended = true;
    remove();
  };
}

/** A {@link PushEntry} of whatever type. */
interface Entry {
  readonly message: unknown;
  /** Returns whether anybody listens. */
  receive(payload: Uint8Array, logger: Logger): boolean;
}

class PushEntry<T> implements Entry {
  readonly route: string;
  readonly message: ProtobufCodec<T>;
  readonly listeners = new Listeners<T>();

  constructor(push: ClientPush<T>) {
    this.route = push.route;
    this.message = push.message;
  }

  receive(payload: Uint8Array, logger: Logger): boolean {
    if (this.listeners.size === 0) {
      return false;
    }
    let message: T;
    try {
      message = this.message.decode(payload);
    } catch (error) {
      logger.warn({ route: this.route, bytes: payload.length, error }, "a push is no message of its type");
      return true;
    }
    this.listeners.call(message, logger);
    return true;
  }
}
