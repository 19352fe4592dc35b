import { NanowireError } from "../base/error.js";
import { maxRouteBytes, maxRouteCode } from "./limits.js";
import { utf8 } from "./utf8.js";

export { maxRouteBytes, maxRouteCode } from "./limits.js";

/**
 * The route dictionary as the generator writes it to `routes.ts`: every route that a client may send or receive,
 * and its code. Codes never move: `proto/routes.lock.json` remembers them.
 */
export interface RouteDictionary {
  /** The hash of the routes and their codes. A client that names it in the handshake is not sent the routes. */
  readonly version: string;
  /** Route → code, 1 to 65535. */
  readonly routes: Readonly<Record<string, number>>;
}

/** A dictionary that can be looked up both ways. */
export class Dictionary {
  /** The dictionary's hash: a client that names it is not sent the dictionary. */
  readonly version: string;
  readonly #codes = new Map<string, number>();
  readonly #routes = new Map<number, string>();

  /**
   * @throws NanowireError `invalid_route` (startup) for a route or code outside its limits, or a code given twice
   */
  constructor(source: RouteDictionary) {
    this.version = source.version;
    for (const [route, code] of Object.entries(source.routes)) {
      assertRoute(route);
      if (!isRouteCode(code)) {
        throw new NanowireError(
          "invalid_route",
          `code ${code} of route ${route} is not an integer from 1 to ${maxRouteCode}`,
        );
      }
      const other = this.#routes.get(code);
      if (other !== undefined) {
        throw new NanowireError("invalid_route", `code ${code} is given to two routes: ${other} and ${route}`);
      }
      this.#codes.set(route, code);
      this.#routes.set(code, route);
    }
  }

  /** How many routes it holds. */
  get size(): number {
    return this.#codes.size;
  }

  /** The code of a route, or undefined. */
  codeOf(route: string): number | undefined {
    return this.#codes.get(route);
  }

  /** The route of a code, or undefined. */
  routeOf(code: number): string | undefined {
    return this.#routes.get(code);
  }

  /** A plain copy, as it goes into a handshake. */
  toObject(): Record<string, number> {
    return Object.fromEntries(this.#codes);
  }
}

/** Whether a number can be the code of a route. */
export function isRouteCode(code: number): boolean {
  return Number.isInteger(code) && code >= 1 && code <= maxRouteCode;
}

/**
 * Refuses a route that cannot be sent: said when it is registered, not when it is sent.
 *
 * @throws NanowireError `invalid_route` (startup) when it is empty or longer than 255 bytes of UTF-8
 */
export function assertRoute(route: string): void {
  if (encodeRoute(route).length === 0) {
    throw new NanowireError("invalid_route", "a route is empty");
  }
}

/**
 * A route as it is sent in full.
 *
 * @throws NanowireError `invalid_route` (startup) when it is longer than 255 bytes of UTF-8
 */
export function encodeRoute(route: string): Uint8Array {
  const bytes = utf8.encode(route);
  if (bytes.length > maxRouteBytes) {
    throw new NanowireError("invalid_route", `route ${route} has ${bytes.length} bytes, more than ${maxRouteBytes}`);
  }
  return bytes;
}
