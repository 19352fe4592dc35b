import type { Server } from "node:http";
import { Server as TlsServer } from "node:tls";
import { NanowireError, toNanowireError } from "../base/error.js";
import { Arrival, type ArrivingSocket } from "./arrival.js";
import { Arrivals } from "./arrivals.js";
import { httpRefusal } from "./http-refusal.js";
import { assertListenOptions, close, listen, listenAddress } from "./listen.js";
import { unixAddress } from "./networks.js";
import { peerAddress } from "./socket.js";
import type { ListenAddress, Transport, TransportHost } from "./transport.js";
import { UpgradeRoutes } from "./upgrade-routes.js";
import { Upgrades } from "./upgrades.js";
import { type ResolvedUpgradeOptions, resolveUpgradeOptions, type SharedWsOptions, urlPath } from "./ws-options.js";

/** WebSocket on an HTTP server of somebody else's: only the upgrades of its path are its business. */
export class SharedWsTransport implements Transport {
  readonly name: string;
  readonly #options: SharedWsOptions;
  readonly #upgradeOptions: ResolvedUpgradeOptions;
  readonly #server: Server;
  /** Undoes what {@link listen} did. */
  #undo: (() => Promise<void>) | undefined;

  /** @throws NanowireError `invalid_option` */
  constructor(options: SharedWsOptions) {
    this.#options = options;
    this.#upgradeOptions = resolveUpgradeOptions(options);
    this.#server = options.server;
    this.name = options.server instanceof TlsServer ? "wss" : "ws";
    if (options.port !== undefined || options.socketPath !== undefined) {
      assertListenOptions(options);
    }
  }

  get address(): ListenAddress | undefined {
    return this.#undo && listenAddress(this.#server, this.name, this.name, urlPath(this.#upgradeOptions));
  }

  async listen(host: TransportHost): Promise<void> {
    if (host.proxies.some && host.proxies.ws === "proxy-protocol") {
      const message = "proxy.ws is proxy-protocol, which an HTTP server that is handed in cannot read";
      throw new NanowireError("invalid_option", message);
    }
    const server = this.#server;
    const arrivals = new Arrivals(host);
    const upgrades = new Upgrades(this.#upgradeOptions, this.name, host);
    const removePath = UpgradeRoutes.add(server, this.#upgradeOptions.path, (request, socket, head) => {
      if (arrive(socket, typeof server.address() === "string", arrivals)) {
        upgrades.take(request, socket, head);
      }
    });
    let closeServer = async (): Promise<void> => {};
    if (!server.listening && (this.#options.port !== undefined || this.#options.socketPath !== undefined)) {
      try {
        await listen(server, this.#options);
      } catch (error) {
        removePath();
        throw error;
      }
      const onError = (error: Error): void => {
        host.logger.error({ error, transport: this.name }, "the listener failed");
      };
      server.on("error", onError);
      closeServer = async () => {
        server.off("error", onError);
        server.closeIdleConnections();
        await close(server);
      };
    }
    this.#undo = async () => {
      removePath();
      arrivals.close();
      await closeServer();
    };
  }

  async close(): Promise<void> {
    const undo = this.#undo;
    this.#undo = undefined;
    await undo?.();
  }
}

/** @returns whether there is a place for the client whose request came on the socket */
function arrive(socket: ArrivingSocket, isUnix: boolean, arrivals: Arrivals): boolean {
  const arrival = new Arrival(socket, isUnix ? unixAddress : peerAddress(socket), arrivals);
  arrival.refusal = (error) => httpRefusal(error);
  socket.nanowireArrival = arrival;
  try {
    arrival.begin();
    return true;
  } catch (error) {
    arrival.sendAway(toNanowireError(error, "internal", "a connection could not be begun"));
    return false;
  }
}
