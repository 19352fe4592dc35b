import type { Awaitable } from "../base/awaitable.js";
import type { ClientConnection } from "./client-connection.js";
import { maxTimeoutMs } from "./limits.js";
import { assertNumber, invalidOption } from "./number-option.js";
import type { Resumption } from "./resuming.js";

/** How a connection that broke is made again. */
export interface ReconnectOptions {
  /** Milliseconds before the first attempt; each that fails doubles them. 1 to 2,147,483,647. Default: 500. */
  readonly minDelayMs?: number;
  /** Milliseconds that a pause grows to at the most. `minDelayMs` to 2,147,483,647. Default: 30,000. */
  readonly maxDelayMs?: number;
  /**
   * The part of a pause that is left to chance, so that all clients of a server that fell do not come back at once: with 0.5 a pause of 1,000 ms lasts from
   * 500 to 1,000 ms. 0 to 1. Default: 0.5.
   */
  readonly jitter?: number;
  /**
   * How many attempts in a row may fail before the connection is closed for good; 0: any number. To 1,000,000. A connection that held for less than
   * 5 s counts as one that failed. Default: 0.
   */
  readonly maxAttempts?: number;
  /**
   * What becomes of a request that is made while there is no connection: it waits for one, for as long as its time-out lets it, or is rejected with
   * `unavailable` at once. Default: `wait`.
   */
  readonly offlineRequests?: "wait" | "fail";
  /**
   * How many notifies and requests may wait for a connection; then the oldest notifies are dropped. 0: none waits, and what is called throws `unavailable`.
   * To 1,000,000. Default: 500.
   */
  readonly maxOfflineMessages?: number;
  /** How many bytes may wait, likewise. 0 to 1,073,741,824. Default: 1,048,576. */
  readonly maxOfflineBytes?: number;
  /**
   * Called whenever the connection was made again, before anything that waits is sent: here a client logs in once more, for the server knows nothing of
   * it. What is called on the connection that it is given is sent at once; what is called on any other waits until the promise is resolved. A rejection
   * is a failed attempt: the connection is given up, and made anew after a pause. Not called when the session was resumed: nothing is to be done then. Default: nothing.
   */
  readonly onReconnected?: (connection: ClientConnection) => Awaitable<void>;
  /**
   * What lets the connection go on with its session, where the server keeps it: {@link resumption}. Default: none, each connection is a new session.
   */
  readonly resume?: Resumption;
}

/** The options with every default filled in. */
export type ReconnectSettings = Required<Omit<ReconnectOptions, "resume">> & {
  readonly resume: Resumption | undefined;
};

/**
 * Checks the options and fills in the defaults.
 *
 * @throws NanowireError `invalid_option`
 */
export function resolveReconnectOptions(given: boolean | ReconnectOptions | undefined): ReconnectSettings | undefined {
  if (!given) {
    return undefined;
  }
  const settings: ReconnectSettings = { ...defaults, ...(given as ReconnectOptions) };
  const { minDelayMs, offlineRequests } = settings;
  assertNumber("reconnect.minDelayMs", minDelayMs, 1, maxTimeoutMs);
  assertNumber("reconnect.maxDelayMs", settings.maxDelayMs, minDelayMs, maxTimeoutMs);
  assertNumber("reconnect.jitter", settings.jitter, 0, 1);
  assertNumber("reconnect.maxAttempts", settings.maxAttempts, 0, 1_000_000, "an integer");
  assertNumber("reconnect.maxOfflineMessages", settings.maxOfflineMessages, 0, 1_000_000, "an integer");
  assertNumber("reconnect.maxOfflineBytes", settings.maxOfflineBytes, 0, 1_073_741_824, "an integer");
  if (offlineRequests !== "wait" && offlineRequests !== "fail") {
    throw invalidOption("reconnect.offlineRequests", offlineRequests, "wait or fail");
  }
  return settings;
}

const defaults: ReconnectSettings = {
  minDelayMs: 500,
  maxDelayMs: 30_000,
  jitter: 0.5,
  maxAttempts: 0,
  offlineRequests: "wait",
  // They are sent in one go: well within what a server takes of one client in a second, which is 1,000 by default.
  maxOfflineMessages: 500,
  maxOfflineBytes: 1_048_576,
  onReconnected: () => {},
  resume: undefined,
};
