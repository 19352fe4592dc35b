import { assertOptions } from "../base/assert-options.js";
import type { Face } from "./approach.js";
import type { TlsOptions } from "./certificates.js";
import type { EarOptions } from "./ears.js";
import { type ListenOptions, listenOptionKinds } from "./listen.js";
import { type Listener, SocketListener } from "./socket-listener.js";
import { TcpWire } from "./tcp-wire.js";
import type { ListenAddress, TransportHost } from "./transport.js";

/** Where a TCP listener listens: `{ port, host }`, or `{ socketPath }`. */
export type TcpOptions = ListenOptions &
  EarOptions & {
    /** With TLS. Several certificates are told apart by the name that the client asks for (SNI). Default: without */
    readonly tls?: TlsOptions | readonly TlsOptions[];
  };

/**
 * Takes clients over TCP: nano's and pitaya's native clients, and ours in Node (`tcp://host:port`).
 *
 * @throws NanowireError `invalid_option`, `invalid_certificate`
 */
export function tcp(options: TcpOptions): Listener {
  return new TcpTransport(options);
}

class TcpTransport implements Listener {
  readonly name: string;
  readonly #listener: SocketListener;

  constructor(options: TcpOptions) {
    assertOptions("tcp", options, { ...listenOptionKinds, tls: "checked", ears: "checked" });
    const { tls, ears, ...place } = options;
    this.name = tls === undefined ? "tcp" : "tls";
    const { name } = this;
    this.#listener = new SocketListener({ name, place, ears, tls, scheme: name, path: "", alpnProtocols: [] });
  }

  get address(): ListenAddress | undefined {
    return this.#listener.address;
  }

  listen(host: TransportHost): Promise<void> {
    return this.#listener.listen(host, [tcpFace(this.name, host)]);
  }

  close(): Promise<void> {
    return this.#listener.close();
  }

  reloadCertificates(tls?: TlsOptions | readonly TlsOptions[]): Promise<void> {
    return this.#listener.reloadCertificates(tls);
  }
}

/**
 * The native protocol on a socket.
 *
 * @param transport what its wires are called
 */
export function tcpFace(transport: string, host: TransportHost): Face {
  return {
    kind: "tcp",
    take: (arrival) => void new TcpWire(arrival, transport),
    refusal: (error) => host.refusal(error),
  };
}
