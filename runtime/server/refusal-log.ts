import type { Clock } from "../base/clock.js";
import type { NanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";

/**
 * Tells of clients that are turned away: of each reason the first in a minute as a warning, the others for those who
 * debug. Strangers must not fill a log; `server.counters` has them all.
 */
export class RefusalLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #warnedAt = new Map<string, number>();

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  note({ code, message: reason, cause }: NanowireError, address: string | undefined): void {
    const now = this.#clock.steady();
    const isNews = now - (this.#warnedAt.get(code) ?? Number.NEGATIVE_INFINITY) >= quietMs;
    const fields = { code, reason, address };
    if (isNews) {
      this.#warnedAt.set(code, now);
    }
    this.#logger[isNews ? "warn" : "debug"](
      cause === undefined ? fields : { ...fields, cause },
      "a client is turned away",
    );
  }
}

const quietMs = 60_000;
