import { createServer, type Server, type Socket } from "node:net";
import { NanowireError } from "../base/error.js";
import { Approach, type Entrance } from "./approach.js";
import { Arrivals } from "./arrivals.js";
import { Certificates, type TlsOptions } from "./certificates.js";
import { Ears, resolveEars } from "./ears.js";
import { HandshakeGate } from "./handshake-gate.js";
import { assertListenOptions, close, type ListenOptions, listen, listenAddress } from "./listen.js";
import { unixAddress } from "./networks.js";
import { peerAddress } from "./socket.js";
import type { ListenAddress, Transport, TransportHost } from "./transport.js";

/** A listener of this machine's: a transport on a port or a Unix socket, perhaps with TLS. */
export interface Listener extends Transport {
  /**
   * Takes new certificates, without a restart: who connects from then on gets them, connections that are open stay. After an
   * error the old ones stay.
   *
   * @param tls others than those that it was made with. Default: the same, whose files are read anew
   * @throws NanowireError `invalid_certificate`, `invalid_option`, and `invalid_state` for new ones where there is no TLS
   */
  reloadCertificates(tls?: TlsOptions | readonly TlsOptions[]): Promise<void>;
}

/** What a {@link SocketListener} is made with. */
export interface SocketListenerOptions {
  /** What it is called in logs and addresses. */
  readonly name: string;
  readonly place: ListenOptions;
  /** The most sockets that accept. Undefined: the default */
  readonly ears: number | undefined;
  readonly tls: TlsOptions | readonly TlsOptions[] | undefined;
  /** The scheme of its address, and the path after it. */
  readonly scheme: string;
  readonly path: string;
  readonly alpnProtocols: readonly string[];
}

/** Accepts sockets, and leads each on its {@link Approach} to a face. */
export class SocketListener {
  readonly #options: SocketListenerOptions;
  readonly #certificates: Certificates | undefined;
  readonly #mostEars: number;
  #server: Server | undefined;
  #ears: Ears | undefined;
  #arrivals: Arrivals | undefined;

  /** @throws NanowireError `invalid_option`, `invalid_certificate` */
  constructor(options: SocketListenerOptions) {
    assertListenOptions(options.place);
    this.#mostEars = resolveEars(options.ears, {
      isUnix: options.place.socketPath !== undefined,
      isSecure: options.tls !== undefined,
    });
    this.#options = options;
    this.#certificates = options.tls === undefined ? undefined : new Certificates(options.tls);
  }

  get address(): ListenAddress | undefined {
    const { name, scheme, path } = this.#options;
    return this.#server && listenAddress(this.#server, name, scheme, path);
  }

  /** @throws NanowireError `listen_failed`, `invalid_certificate` */
  async listen(host: TransportHost, faces: Entrance["faces"]): Promise<void> {
    const { name, place, alpnProtocols } = this.#options;
    const arrivals = new Arrivals(host);
    const certificates = this.#certificates;
    const entrance: Entrance = { faces, certificates, alpnProtocols, gate: new HandshakeGate(host.turn) };
    const isUnix = place.socketPath !== undefined;
    // A client that is gone without a word, its cable cut, is noticed also where there are no heartbeats.
    const serverOptions = { noDelay: true, allowHalfOpen: true, keepAlive: true, keepAliveInitialDelay: 60_000 };
    const onConnection = (socket: Socket): void => {
      this.#ears?.accepted();
      new Approach(socket, isUnix ? unixAddress : peerAddress(socket), arrivals, entrance).begin();
    };
    const server = createServer(serverOptions, onConnection);
    await certificates?.open(host.clock, host.logger);
    try {
      await listen(server, place);
    } catch (error) {
      certificates?.close();
      throw error;
    }
    server.on("error", (error) => host.logger.error({ error, transport: name }, "the listener failed"));
    this.#server = server;
    const { logger, clock } = host;
    this.#ears = new Ears(server, {
      most: this.#mostEars,
      transport: name,
      serverOptions,
      onConnection,
      logger,
      clock,
    });
    this.#arrivals = arrivals;
  }

  /** Takes no more clients, and sends away those that are no connections yet. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const ears = this.#ears;
    this.#ears = undefined;
    this.#certificates?.close();
    if (server !== undefined) {
      const closed = Promise.all([ears?.close(), close(server)]);
      this.#arrivals?.close();
      await closed;
    }
  }

  async reloadCertificates(tls?: TlsOptions | readonly TlsOptions[]): Promise<void> {
    if (this.#certificates === undefined && tls !== undefined) {
      throw new NanowireError("invalid_state", `the listener ${this.#options.name} was made without TLS`);
    }
    await this.#certificates?.reload(tls);
  }
}
