import { NanowireError } from "../base/error.js";

/**
 * Reads the url of a server.
 *
 * @param schemes those that can be dialled here: `ws:`
 * @throws NanowireError `invalid_url`
 */
export function parseDialUrl(text: string, schemes: readonly string[]): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // A user and a query may be secret, and the cause would show them.
    throw new NanowireError(
      "invalid_url",
      `${/[@?]/.test(text) ? "this" : text} is no URL such as ws://127.0.0.1:3250`,
    );
  }
  if (!schemes.includes(url.protocol)) {
    throw new NanowireError("invalid_url", `${showUrl(url)} does not begin with ${schemes.join(" or ")}`);
  }
  if (url.hash) {
    throw new NanowireError("invalid_url", `${showUrl(url)} has a fragment`);
  }
  return url;
}

/** What may be dialled after a target, where a server sends the client: one that was reached by TLS sends nobody to where there is none. */
export function schemesAfter(target: unknown, schemes: readonly string[]): readonly string[] {
  const isSecure = /^(wss|tls):/i;
  return typeof target === "string" && isSecure.test(target)
    ? schemes.filter((scheme) => isSecure.test(scheme))
    : schemes;
}

/** A url as an error may show it: a user, a password or a query may be secret. */
export function showUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
