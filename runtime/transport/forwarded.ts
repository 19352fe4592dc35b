// What HTTP proxies say of the client: `X-Forwarded-For`, and `Forwarded` (RFC 7239).

import { NanowireError } from "../base/error.js";
import { plainAddress } from "./ip-address.js";

/**
 * The nodes of `X-Forwarded-For`, from the client to the last proxy but one. Each is what the proxy behind it saw; the
 * header's left part may be the client's own invention.
 */
export function xForwardedForNodes(header: string): string[] {
  return header.split(",").map((node) => node.trim());
}

/**
 * The nodes of `Forwarded`, in the same order.
 *
 * @throws NanowireError `upgrade_refused` when the header is not as RFC 7239 says: a quote that is left open would swallow
 * what the proxies behind it say
 */
export function forwardedNodes(header: string): string[] {
  // One pair, and what ends it: `;` before the next of the same node, `,` before the next node's, or the header's end.
  const pair = /(?:([\w!#$%&'*+.^`|~-]+)=(?:([\w!#$%&'*+.^`|~:[\]-]+)|"((?:[^"\\]|\\.)*)"))?[ \t]*(;|,|$)[ \t]*/y;
  const text = header.trim();
  const nodes: string[] = [];
  let node = "";
  while (pair.lastIndex < text.length) {
    const [, name, token, quoted, separator] = pair.exec(text) ?? [];
    if (separator === undefined) {
      throw new NanowireError("upgrade_refused", "the Forwarded header is not as RFC 7239 says");
    }
    if (name?.toLowerCase() === "for") {
      node = token ?? (quoted ?? "").replace(/\\(.)/g, "$1");
    }
    if (separator !== ";") {
      nodes.push(node);
      node = "";
    }
  }
  return node === "" ? nodes : [...nodes, node];
}

/** The address in a node: `192.0.2.7`, `192.0.2.7:4711`, `2001:db8::1`, `[2001:db8::1]:4711`; none in `unknown` or `_hidden`. */
export function nodeAddress(node: string): string | undefined {
  const [, bracketed, bare] = /^(?:\[([^\]]*)\](?::\w+)?|([^:]*):\w+)$/.exec(node) ?? [];
  return plainAddress(bracketed ?? bare ?? node);
}

/**
 * Walks from the connection's other end towards the client, as long as the address that is reached is trusted: only then
 * is believed what it says of the one before it.
 *
 * @param peer where the connection comes from
 * @param nodes what stands before it, the nearest last
 */
export function clientBehind(peer: string, nodes: readonly string[], isTrusted: (address: string) => boolean): string {
  let client = peer;
  for (let index = nodes.length - 1; index >= 0 && isTrusted(client); index--) {
    const before = nodeAddress(nodes[index] as string);
    if (before === undefined) {
      break;
    }
    client = before;
  }
  return client;
}
