import { assertOptions } from "../base/assert-options.js";
import type { TlsOptions } from "./certificates.js";
import type { EarOptions } from "./ears.js";
import { type ListenOptions, listenOptionKinds } from "./listen.js";
import { type Listener, SocketListener } from "./socket-listener.js";
import { tcpFace } from "./tcp.js";
import type { ListenAddress, TransportHost } from "./transport.js";
import { WsFace } from "./ws-face.js";
import {
  type ResolvedUpgradeOptions,
  resolveUpgradeOptions,
  type UpgradeOptions,
  upgradeOptionKinds,
  urlPath,
} from "./ws-options.js";

/** Where a listener for both protocols listens: `{ port, host }`, or `{ socketPath }`; and which upgrades it takes. */
export type HybridOptions = ListenOptions &
  EarOptions &
  UpgradeOptions & {
    /** With TLS, for both. Several certificates are told apart by the name that the client asks for (SNI). Default: without */
    readonly tls?: TlsOptions | readonly TlsOptions[];
  };

/**
 * Takes clients over TCP and over WebSocket on one port, told apart by their first byte. A connection is `tcp` or `ws`
 * (`tls` or `wss`) to the application, as if it had come by a listener of its own.
 *
 * @throws NanowireError `invalid_option`, `invalid_certificate`
 */
export function hybrid(options: HybridOptions): Listener {
  return new HybridTransport(options);
}

class HybridTransport implements Listener {
  readonly name = "hybrid";
  readonly #isSecure: boolean;
  readonly #options: ResolvedUpgradeOptions;
  readonly #listener: SocketListener;

  constructor(options: HybridOptions) {
    assertOptions("hybrid", options, { ...listenOptionKinds, ...upgradeOptionKinds, tls: "checked", ears: "checked" });
    const { tls, ears } = options;
    this.#isSecure = tls !== undefined;
    this.#options = resolveUpgradeOptions(options);
    const { name } = this;
    const scheme = this.#isSecure ? "wss" : "ws";
    const path = urlPath(this.#options);
    this.#listener = new SocketListener({ name, place: options, ears, tls, scheme, path, alpnProtocols: ["http/1.1"] });
  }

  get address(): ListenAddress | undefined {
    return this.#listener.address;
  }

  listen(host: TransportHost): Promise<void> {
    const [tcp, ws] = this.#isSecure ? ["tls", "wss"] : ["tcp", "ws"];
    const faces = [tcpFace(tcp as string, host), new WsFace(this.#options, ws as string, host)] as const;
    return this.#listener.listen(host, faces);
  }

  close(): Promise<void> {
    return this.#listener.close();
  }

  reloadCertificates(tls?: TlsOptions | readonly TlsOptions[]): Promise<void> {
    return this.#listener.reloadCertificates(tls);
  }
}
