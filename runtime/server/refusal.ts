import { NanowireError, toNanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import type { Counters } from "./counters.js";

/** What is needed to tell of a message that failed. */
export interface RefusalHost {
  readonly logger: Logger;
  readonly counters: Counters;
}

/** What a client is told of a message that failed: the error, where it was meant for the client, or `internal`. It is logged and counted. */
export function refusalFor(
  { logger, counters }: RefusalHost,
  session: string,
  route: string,
  error: unknown,
): NanowireError {
  const refusal = toNanowireError(error, "internal", internalFailure);
  const fields = { session, route, code: refusal.code, error };
  counters.failed(refusal.code);
  if (refusal === error) {
    logger.debug(fields, "a message was refused");
  } else {
    logger.error(fields, "a handler failed");
  }
  return refusal;
}

/** The error for what was not meant for the client. */
export function internalError(): NanowireError {
  return new NanowireError("internal", internalFailure);
}

/** What a client is told of an error that was not meant for it. */
const internalFailure = "the server failed to handle the request";
