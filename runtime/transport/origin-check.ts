import { NanowireError } from "../base/error.js";
import type { UpgradeRequest } from "./upgrade-request.js";

/**
 * Which pages may connect, by the `Origin` that browsers send: `*` for all, a list of origins
 * (`https://game.example.com`, `https://*.example.com`, `null`), or a function.
 */
export type Origins = "*" | readonly string[] | ((origin: string, request: UpgradeRequest) => boolean);

/** Judges the origin of a page. */
export type OriginCheck = (origin: string, request: UpgradeRequest) => boolean;

/**
 * Makes the check of the option. Without one a page may connect to the host that it came from, whatever the port.
 *
 * @throws NanowireError `invalid_option`
 */
export function originCheck(origins: Origins | undefined): OriginCheck {
  if (origins === undefined) {
    return (origin, { headers }) => isSameHost(origin, headers.host);
  }
  if (origins === "*") {
    return () => true;
  }
  if (typeof origins === "function") {
    return origins;
  }
  if (!Array.isArray(origins)) {
    throw new NanowireError("invalid_option", `origins ${String(origins)} is not *, an array or a function`);
  }
  const patterns = (origins as readonly string[]).map(patternOf);
  return (origin) => patterns.some((pattern) => pattern.test(origin.toLowerCase()));
}

function isSameHost(origin: string, host: string | undefined): boolean {
  const own = hostnameOf(`http://${host ?? ""}`);
  return own !== undefined && own === hostnameOf(origin);
}

function hostnameOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}

/** An origin is a scheme, a host and perhaps a port; `*.` stands for one label or more. */
function patternOf(origin: string): RegExp {
  if (origin === "null") {
    return /^null$/;
  }
  const text = String(origin).toLowerCase();
  const sample = text.replace("://*.", "://");
  const url = URL.canParse(sample) ? new URL(sample) : undefined;
  if (url === undefined || `${url.protocol}//${url.host}` !== sample || sample.includes("*")) {
    throw new NanowireError(
      "invalid_option",
      `origins has ${String(origin)}, which is no origin such as https://game.example.com, https://*.example.com or null`,
    );
  }
  const escaped = sample.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${text === sample ? escaped : escaped.replace("://", "://(?:[^./:]+\\.)+")}$`);
}
