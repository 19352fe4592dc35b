import { assertOptions, type OptionKind } from "../base/assert-options.js";
import { NanowireError } from "../base/error.js";
import { longestComeBackMs } from "../protocol/system.js";

/** How a server lets its clients go. */
export interface DrainOptions {
  /**
   * Milliseconds that clients have to go and that what runs has to finish; then whoever is left is kicked. It ends earlier when everybody has gone who
   * goes by himself, and nothing runs any more. 0 to 86,400,000. Default: 10,000; of `server.stop` 0: nobody is waited for, and nobody is told.
   */
  readonly graceMs?: number;
  /** Why: what clients are told, with `drain` and with the kick at the end. 0 to 256 characters. Default: `server_stopped`. */
  readonly reason?: string;
  /** Milliseconds after which clients may come back. 0 to 86,400,000. Default: 0. */
  readonly afterMs?: number;
  /** Milliseconds more, over which they spread, each coming at a random time. 0 to 86,400,000. Default: 5,000. */
  readonly spreadMs?: number;
  /** Where they are to go: `ws://…`, `wss://…`, `tcp://…` or `tls://…`. Default: where they were. */
  readonly url?: string;
}

/** The names of the options. */
export const drainOptionKinds = {
  graceMs: "checked",
  reason: "checked",
  afterMs: "checked",
  spreadMs: "checked",
  url: "checked",
} as const satisfies Record<keyof DrainOptions, OptionKind>;

/**
 * Checks the options and fills in the defaults.
 *
 * @param what whose options they are: `drain`
 * @throws NanowireError `invalid_option`
 */
export function resolveDrainOptions(
  what: string,
  options: DrainOptions,
  defaultGraceMs: number,
): Required<Omit<DrainOptions, "url">> & DrainOptions {
  assertOptions(what, options, drainOptionKinds);
  const { graceMs = defaultGraceMs, reason = "server_stopped", afterMs = 0, spreadMs = 5_000, url } = options;
  for (const [name, value] of Object.entries({ graceMs, afterMs, spreadMs })) {
    if (typeof value !== "number" || !(value >= 0 && value <= longestComeBackMs)) {
      throw invalidOption(name, value, `a number from 0 to ${longestComeBackMs}`);
    }
  }
  if (typeof reason !== "string" || reason.length > longestReason) {
    throw invalidOption("reason", reason, `a text of 0 to ${longestReason} characters`);
  }
  if (url !== undefined && !(typeof url === "string" && URL.canParse(url) && schemes.includes(new URL(url).protocol))) {
    throw invalidOption("url", url, `a URL that begins with ${schemes.map((scheme) => `${scheme}//`).join(", ")}`);
  }
  return { graceMs, reason, afterMs, spreadMs, ...(url === undefined ? {} : { url }) };
}

function invalidOption(name: string, value: unknown, limit: string): NanowireError {
  return new NanowireError("invalid_option", `${name} ${String(value)} is not ${limit}`);
}

const longestReason = 256;
const schemes: readonly string[] = ["ws:", "wss:", "tcp:", "tls:"];
