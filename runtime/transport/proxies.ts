import type { IncomingHttpHeaders } from "node:http";
import { assertOptions } from "../base/assert-options.js";
import { NanowireError } from "../base/error.js";
import { clientBehind, forwardedNodes, xForwardedForNodes } from "./forwarded.js";
import { Networks } from "./networks.js";

/** The proxies and balancers before a server, and how they tell where a client really comes from. */
export interface ProxyOptions {
  /**
   * Which addresses are theirs: addresses, networks (`10.0.0.0/8`, `fd00::/8`), and the names `loopback`, `private`
   * (RFC 1918 and RFC 4193) and `unix`, for whoever comes by a Unix socket. What anybody else says of himself is not
   * believed.
   */
  readonly trusted: readonly string[];
  /**
   * How they tell it to the clients' native protocol. `proxy-protocol`: every connection of theirs begins with a PROXY
   * header, version 1 or 2; one that does not is refused. `nothing`: they do not. Default: `proxy-protocol`
   */
  readonly tcp?: "proxy-protocol" | "nothing";
  /**
   * How they tell it to WebSocket: by an HTTP header, or as above. They have to append to that header, or write it anew,
   * in every request. Default: `x-forwarded-for`
   */
  readonly ws?: "x-forwarded-for" | "forwarded" | "proxy-protocol" | "nothing";
}

/** Where a client comes from. */
export interface Origin {
  /** The client's own address, as far as it is known; `unix` for one that came by a Unix socket. */
  readonly address: string;
  /** The address of the proxy that told it; undefined when the client came by itself. */
  readonly proxy: string | undefined;
}

/** Knows the proxies, and asks them. */
export class Proxies {
  /** How they tell it to TCP. */
  readonly tcp: Required<ProxyOptions>["tcp"];
  /** How they tell it to WebSocket. */
  readonly ws: Required<ProxyOptions>["ws"];
  readonly #trusted: Networks;

  /** @throws NanowireError `invalid_option` */
  constructor(options: ProxyOptions = { trusted: [] }) {
    assertOptions("proxy", options, { trusted: "checked", tcp: "checked", ws: "checked" });
    const { trusted, tcp = "proxy-protocol", ws = "x-forwarded-for" } = options;
    if (!Array.isArray(trusted)) {
      throw new NanowireError("invalid_option", `proxy.trusted ${String(trusted)} is not an array`);
    }
    this.#trusted = new Networks(trusted, "proxy.trusted");
    this.tcp = oneOf("proxy.tcp", tcp, ["proxy-protocol", "nothing"]);
    this.ws = oneOf("proxy.ws", ws, ["x-forwarded-for", "forwarded", "proxy-protocol", "nothing"]);
  }

  /** Whether there are any. */
  get some(): boolean {
    return this.#trusted.some;
  }

  /** Whether an address is a proxy's. */
  trusts(address: string): boolean {
    return this.#trusted.has(address);
  }

  /**
   * Where a client comes from whose request has these headers.
   *
   * @throws NanowireError `upgrade_refused` when a trusted proxy's header cannot be read
   */
  originOf(peer: string, headers: IncomingHttpHeaders): Origin {
    const text =
      this.trusts(peer) && (this.ws === "x-forwarded-for" || this.ws === "forwarded") ? headers[this.ws] : undefined;
    if (text === undefined) {
      return { address: peer, proxy: undefined };
    }
    // Node joins what is repeated; only a header that it does not know of may be an array.
    const header = String(text);
    const nodes = this.ws === "forwarded" ? forwardedNodes(header) : xForwardedForNodes(header);
    const address = clientBehind(peer, nodes, (each) => this.trusts(each));
    return { address, proxy: address === peer ? undefined : peer };
  }
}

function oneOf<T extends string>(name: string, value: T, known: readonly T[]): T {
  if (!known.includes(value)) {
    throw new NanowireError("invalid_option", `${name} ${String(value)} is not ${known.join(" or ")}`);
  }
  return value;
}
