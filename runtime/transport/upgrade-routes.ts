import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { NanowireError } from "../base/error.js";
import type { ArrivingSocket } from "./arrival.js";
import { httpRefusal } from "./http-refusal.js";

/** Takes an upgrade. */
export type TakeUpgrade = (request: IncomingMessage, socket: ArrivingSocket, head: Buffer) => void;

/** An HTTP server that knows which upgrades are Nanowire's. */
interface RoutedServer extends Server {
  nanowireRoutes?: UpgradeRoutes | undefined;
}

/**
 * Leads the upgrades of an HTTP server to the listeners that share it, by their paths: one ear for all of them. It stands on the server
 * while there is one.
 */
export class UpgradeRoutes {
  readonly #server: RoutedServer;
  readonly #takers = new Map<string, TakeUpgrade>();

  private constructor(server: RoutedServer) {
    this.#server = server;
  }

  /**
   * Adds a path to a server. Returns what takes it away again.
   *
   * @throws NanowireError `listen_failed` when another listener has the path
   */
  static add(server: RoutedServer, path: string, take: TakeUpgrade): () => void {
    server.nanowireRoutes ??= new UpgradeRoutes(server);
    return server.nanowireRoutes.#add(path, take);
  }

  #add(path: string, take: TakeUpgrade): () => void {
    if (this.#takers.has(path)) {
      throw new NanowireError("listen_failed", `the path ${path} is another listener's on this HTTP server`);
    }
    if (this.#takers.size === 0) {
      this.#server.on("upgrade", this.#onUpgrade);
    }
    this.#takers.set(path, take);
    return () => {
      this.#takers.delete(path);
      if (this.#takers.size === 0) {
        this.#server.off("upgrade", this.#onUpgrade);
        this.#server.nanowireRoutes = undefined;
      }
    };
  }

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const take = this.#takers.get(pathOf(request));
    if (take !== undefined) {
      take(request, socket as ArrivingSocket, head);
    } else if (this.#server.listenerCount("upgrade") === 1) {
      // Nobody else is there to whom it could belong.
      refuseUpgrade(socket);
    }
  };
}

/** The path that a request asks for, without its query. */
export function pathOf({ url = "/" }: IncomingMessage): string {
  const query = url.indexOf("?");
  return query < 0 ? url : url.slice(0, query);
}

/** Answers an upgrade that nobody takes. Its socket has nobody else who would hear of its errors. */
function refuseUpgrade(socket: Duplex): void {
  socket.on("error", () => socket.destroy());
  socket.once("finish", () => socket.destroy());
  const error = new NanowireError("upgrade_refused", "no listener has the path");
  socket.end(httpRefusal(error, 404));
}
