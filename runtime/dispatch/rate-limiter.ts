import type { RateLimit } from "../component/service.js";

/**
 * A token bucket: it holds `messages` tokens at the most, begins full, and is filled again at the rate of `messages` in
 * `perMs`.
 */
export class RateLimiter {
  readonly #limit: RateLimit;
  #tokens: number;
  #filledAt: number;

  /** @param now milliseconds, of any clock that does not go back */
  constructor(limit: RateLimit, now: number) {
    this.#limit = limit;
    this.#tokens = limit.messages;
    this.#filledAt = now;
  }

  /** Takes a token, if there is one. */
  take(now: number): boolean {
    const { messages, perMs } = this.#limit;
    const elapsed = Math.max(0, now - this.#filledAt);
    this.#tokens = Math.min(messages, this.#tokens + (elapsed * messages) / perMs);
    this.#filledAt = now;
    if (this.#tokens < 1) {
      return false;
    }
    this.#tokens -= 1;
    return true;
  }
}

/** The buckets of one session, each made when it is first needed. */
export class RateLimiters {
  readonly #buckets = new Map<RateLimit, RateLimiter>();

  /** Takes a token of a limit's bucket, if there is one. A limit is one method's: the object tells which. */
  take(limit: RateLimit, now: number): boolean {
    let bucket = this.#buckets.get(limit);
    if (bucket === undefined) {
      bucket = new RateLimiter(limit, now);
      this.#buckets.set(limit, bucket);
    }
    return bucket.take(now);
  }
}
