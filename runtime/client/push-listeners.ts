// A hot file: every push passes it. A push is decoded once, however many listen.

import { Listeners } from "../base/listeners.js";
import type { Logger } from "../base/logger.js";
import type { ClientPush, Unsubscribe } from "./method.js";

/** Who listens to which push. */
export class PushListeners {
  readonly #logger: Logger;
  /**
   * By the routes, and by the codes that the client was generated with. Mostly one a route; more where the same route was generated
   * more than once.
   */
  readonly #entries = new Map<string | number, Entry<unknown>[]>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add<T>(push: ClientPush<T>, listener: (message: T) => void): Unsubscribe {
    const entries = this.#entries.get(push.route) ?? [];
    // Of the same codec: of the same type.
    let entry = entries.find((other) => other.push.message === push.message) as Entry<T> | undefined;
    if (entry === undefined) {
      entry = { push, listeners: new Listeners() };
      entries.push(entry as Entry<unknown>);
      this.#entries.set(push.route, entries).set(push.code, entries);
    }
    return subscribe(entry.listeners, listener);
  }

  /**
   * A push came.
   *
   * @param key its route, or its code, where that is one that the client was generated with
   * @returns whether anybody listens
   */
  receive(key: string | number, payload: Uint8Array): boolean {
    let heard = false;
    for (const { push, listeners } of this.#entries.get(key) ?? []) {
      if (listeners.size > 0) {
        heard = true;
        try {
          // No listener throws at who calls it: it is the message that cannot be read.
          listeners.call(push.message.decode(payload), this.#logger);
        } catch (error) {
          const { route } = push;
          this.#logger.warn({ route, bytes: payload.length, error }, "a push is no message of its type");
        }
      }
    }
    return heard;
  }

  /** Removes all. */
  clear(): void {
    this.#entries.clear();
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

interface Entry<T> {
  readonly push: ClientPush<T>;
  readonly listeners: Listeners<T>;
}
