import { assertOptions } from "../base/assert-options.js";
import type { Clock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import { type Duration, parseDuration } from "./duration.js";

/** How {@link Bot.listen} listens. */
export interface ListenOptions {
  /** How many pushes are kept that nobody has taken, 1 to 100,000. The oldest are dropped then. Default: 100. */
  readonly keep?: number;
}

/** What was pushed to a bot, in the order in which it came. */
export interface Pushes<T> {
  /** How many are kept. */
  readonly kept: number;
  /** How many were dropped because too many were kept. */
  readonly dropped: number;
  /**
   * Takes the oldest push that is kept, or waits for the next one. Those that are not wanted are dropped on the way.
   *
   * @throws NanowireError (as a rejection) `deadline_exceeded` when none came in time; `canceled` when the time of the run is over; why the bot's connection was closed
   */
  next(options?: NextOptions<T>): Promise<T>;
  /** Drops all that are kept. */
  clear(): void;
}

/** Which push {@link Pushes.next} waits for. */
export interface NextOptions<T> {
  /** Whether it is this one. Default: the first is. */
  readonly where?: (message: T) => boolean;
  /** How long it may take, from 1 ms on. Default: 10 seconds. */
  readonly within?: Duration;
}

/** What a {@link PushBox} asks of its bot. */
export interface Waiting {
  readonly clock: Clock;
  /**
   * Has `stop` called when the bot is not to wait any more; at once, when it is so already.
   *
   * @returns ends that
   */
  whileWaiting(stop: (reason: unknown) => void): () => void;
}

/** Pushes, kept up to a bound. */
export class PushBox<T> implements Pushes<T> {
  dropped = 0;
  readonly #name: string;
  readonly #keep: number;
  readonly #waiting: Waiting;
  readonly #messages: T[] = [];
  readonly #takers = new Set<(message: T) => boolean>();

  /**
   * @param name for errors: `RoomEventsClient.onSaid`
   * @throws NanowireError `invalid_option`
   */
  constructor(name: string, options: ListenOptions, waiting: Waiting) {
    assertOptions("listen", options, { keep: "checked" });
    const { keep = 100 } = options;
    if (!(Number.isInteger(keep) && keep >= 1 && keep <= 100_000)) {
      throw new NanowireError("invalid_option", `listen.keep ${String(keep)} is not an integer from 1 to 100000`);
    }
    this.#name = name;
    this.#keep = keep;
    this.#waiting = waiting;
  }

  get kept(): number {
    return this.#messages.length;
  }

  /** A push came. */
  receive(message: T): void {
    for (const take of this.#takers) {
      if (take(message)) {
        return;
      }
    }
    if (this.#takers.size === 0 && this.#messages.push(message) > this.#keep) {
      this.#messages.shift();
      this.dropped++;
    }
  }

  async next(options: NextOptions<T> = {}): Promise<T> {
    assertOptions("next", options, { where: "function", within: "string" });
    const { where = () => true, within = "10s" } = options;
    const withinMs = parseDuration("within", within, 1);
    while (this.#messages.length > 0) {
      const message = this.#messages.shift() as T;
      if (where(message)) {
        return message;
      }
    }
    return await this.#wait(where, withinMs);
  }

  clear(): void {
    this.#messages.length = 0;
  }

  #wait(where: (message: T) => boolean, withinMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      let cancel = (): void => {};
      let forget = (): void => {};
      const done = (): void => {
        cancel();
        forget();
        this.#takers.delete(take);
      };
      const fail = (reason: unknown): void => {
        done();
        reject(reason);
      };
      const take = (message: T): boolean => {
        try {
          if (!where(message)) {
            return false;
          }
        } catch (error) {
          fail(error);
          return true;
        }
        done();
        resolve(message);
        return true;
      };
      this.#takers.add(take);
      cancel = this.#waiting.clock.after(withinMs, () => fail(this.#lateError(withinMs)));
      forget = this.#waiting.whileWaiting(fail);
    });
  }

  #lateError(withinMs: number): NanowireError {
    const lost = this.dropped === 0 ? "" : `; ${this.dropped} were dropped, since it keeps ${this.#keep}`;
    return new NanowireError("deadline_exceeded", `no push for ${this.#name} came within ${withinMs} ms${lost}`);
  }
}
