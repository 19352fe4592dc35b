import { NanowireError } from "../base/error.js";
import type { SeenKind } from "../server/inspector.js";
import type { Session } from "../session/session.js";

/** What of the messages somebody wants to see. */
export interface FeedFilter {
  /** Whether a message is among it. */
  readonly takes: (session: Session, route: string, kind: SeenKind) => boolean;
  /** Whether what befalls a session is. */
  readonly takesSession: (session: Session) => boolean;
  /** How long payloads may be that are told; 0: none is. */
  readonly payloadBytes: number;
  /** How many lines a second. */
  readonly rate: number;
}

/**
 * Reads what is asked for: `route` and `notRoute`, names with `*` for anything, several times; `session`, `uid`, `kind`, several times; `payload`, the most bytes of one, and
 * `rate`, the most lines in a second.
 *
 * @throws NanowireError `invalid_argument`
 */
export function feedFilter(query: URLSearchParams): FeedFilter {
  assertKnown(query);
  const routes = query.getAll("route").map(pattern);
  const notRoutes = query.getAll("notRoute").map(pattern);
  const ids = new Set(query.getAll("session"));
  const uids = new Set(query.getAll("uid"));
  const kinds = new Set(query.getAll("kind"));
  for (const kind of kinds) {
    if (!feedKinds.includes(kind)) {
      throw new NanowireError("invalid_argument", `kind ${kind} is not one of ${feedKinds.join(", ")}`);
    }
  }
  const isOne = (session: Session): boolean =>
    (ids.size === 0 && uids.size === 0) || ids.has(session.id) || (session.bound && uids.has(session.uid));
  return {
    takes: (session, route, kind) =>
      (kinds.size === 0 || kinds.has(kind)) &&
      (routes.length === 0 || routes.some((one) => one.test(route))) &&
      !notRoutes.some((one) => one.test(route)) &&
      isOne(session),
    takesSession: (session) => (kinds.size === 0 || kinds.has("session")) && isOne(session),
    payloadBytes: integer(query, "payload", 4_096, 0, 1_048_576),
    rate: integer(query, "rate", 1_000, 1, 20_000),
  };
}

/**
 * Reads a whole number.
 *
 * @throws NanowireError `invalid_argument`
 */
export function integer(query: URLSearchParams, name: string, fallback: number, least: number, most: number): number {
  const text = query.get(name);
  const value = text === null ? fallback : /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw new NanowireError("invalid_argument", `${name} ${text} is not an integer from ${least} to ${most}`);
  }
  return value;
}

function assertKnown(query: URLSearchParams): void {
  let values = 0;
  for (const [name, value] of query) {
    if (!feedNames.includes(name)) {
      throw new NanowireError("invalid_argument", `there is no filter ${name}; there are ${feedNames.join(", ")}`);
    }
    if (++values > mostValues || value.length > mostLength) {
      const message = `the filters are more than ${mostValues}, or one is longer than ${mostLength} characters`;
      throw new NanowireError("invalid_argument", message);
    }
  }
}

/** The stars are few: more of them would take long to be compared. */
function pattern(text: string): { test(route: string): boolean } {
  const parts = text.split("*");
  if (parts.length > mostStars + 1) {
    throw new NanowireError("invalid_argument", `route ${text} has more than ${mostStars} *`);
  }
  if (parts.length === 1) {
    return { test: (route) => route === text };
  }
  return { test: (route) => fits(route, parts) };
}

/** Each part is looked for behind the one before, and never again: no route takes longer than its length. */
function fits(route: string, parts: readonly string[]): boolean {
  const [first = ""] = parts;
  const last = parts.at(-1) ?? "";
  if (!route.startsWith(first) || !route.endsWith(last) || route.length < first.length + last.length) {
    return false;
  }
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = route.indexOf(part, at);
    if (found === -1 || found + part.length > route.length - last.length) {
      return false;
    }
    at = found + part.length;
  }
  return true;
}

const feedNames = ["route", "notRoute", "session", "uid", "kind", "payload", "rate"];
const feedKinds = ["request", "notify", "response", "push", "failure", "session"];
const mostValues = 64;
const mostLength = 256;
const mostStars = 8;
