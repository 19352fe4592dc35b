import { type Awaitable, isPromise } from "../base/awaitable.js";
import { type NanowireError, toNanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";

/** Who asks what, and how a log calls it. */
export interface Asked {
  /** The id of the node that asks. */
  readonly node: string;
  readonly route: string;
  /** What was asked, as the subject of a sentence: `what another node asked`. */
  readonly called: string;
}

/**
 * Has a question answered, and tells of it: its answer, or its error, as it may be told to the node that asks. An error that was not raised for that becomes `internal`.
 *
 * @param answer may throw
 */
export function answer(
  answer: () => Awaitable<Uint8Array>,
  { node, route, called }: Asked,
  logger: Logger,
  succeeded: (payload: Uint8Array) => void,
  failed: (error: NanowireError) => void,
): void {
  const refuse = (error: unknown): void => {
    const told = toNanowireError(error, "internal", "the node failed to answer");
    const fields = { node, route, code: told.code, error };
    if (told === error) {
      logger.debug(fields, `${called} was refused`);
    } else {
      logger.error(fields, `${called} could not be answered`);
    }
    failed(told);
  };
  try {
    const given = answer();
    if (isPromise(given)) {
      given.then(succeeded, refuse);
    } else {
      succeeded(given);
    }
  } catch (error) {
    refuse(error);
  }
}
