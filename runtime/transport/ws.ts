import { assertMethods, assertOptions } from "../base/assert-options.js";
import { NanowireError } from "../base/error.js";
import type { TlsOptions } from "./certificates.js";
import { listenOptionKinds } from "./listen.js";
import { SharedWsTransport } from "./shared-ws.js";
import { type Listener, SocketListener } from "./socket-listener.js";
import type { ListenAddress, Transport, TransportHost } from "./transport.js";
import { WsFace } from "./ws-face.js";
import {
  type OwnWsOptions,
  type ResolvedUpgradeOptions,
  resolveUpgradeOptions,
  type SharedWsOptions,
  upgradeOptionKinds,
  urlPath,
  type WsOptions,
} from "./ws-options.js";

/**
 * Takes clients over WebSocket: browsers, and ours in Node (`ws://host:port`).
 *
 * @throws NanowireError `invalid_option`, `invalid_certificate`
 */
export function ws(options: OwnWsOptions): Listener;
export function ws(options: SharedWsOptions): Transport;
export function ws(options: WsOptions): Transport;
export function ws(options: WsOptions): Transport {
  const ofListener = { ...listenOptionKinds, tls: "checked", server: "checked", ears: "checked" } as const;
  assertOptions("ws", options, { ...ofListener, ...upgradeOptionKinds });
  if (options.server === undefined) {
    return new WsTransport(options);
  }
  assertMethods("ws.server", options.server, ["on", "listen"]);
  if (options.tls !== undefined) {
    throw new NanowireError("invalid_option", "tls is the HTTP server's that was handed in: make it with node:https");
  }
  if (options.ears !== undefined) {
    throw new NanowireError("invalid_option", "ears are a listener's own: an HTTP server that was handed in has one");
  }
  return new SharedWsTransport(options);
}

class WsTransport implements Listener {
  readonly name: string;
  readonly #options: ResolvedUpgradeOptions;
  readonly #listener: SocketListener;

  constructor(options: OwnWsOptions) {
    const { tls, ears } = options;
    this.name = tls === undefined ? "ws" : "wss";
    this.#options = resolveUpgradeOptions(options);
    const { name } = this;
    const path = urlPath(this.#options);
    this.#listener = new SocketListener({
      name,
      place: options,
      ears,
      tls,
      scheme: name,
      path,
      alpnProtocols: ["http/1.1"],
    });
  }

  get address(): ListenAddress | undefined {
    return this.#listener.address;
  }

  listen(host: TransportHost): Promise<void> {
    return this.#listener.listen(host, [new WsFace(this.#options, this.name, host)]);
  }

  close(): Promise<void> {
    return this.#listener.close();
  }

  reloadCertificates(tls?: TlsOptions | readonly TlsOptions[]): Promise<void> {
    return this.#listener.reloadCertificates(tls);
  }
}
