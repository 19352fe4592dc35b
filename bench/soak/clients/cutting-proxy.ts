import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { Tally } from "./tally.js";

/** How long a connection lasts: this and up to twice as much again, in milliseconds. */
const lastsMs = 1_500;

/** Stands between clients and a server, hands on every byte, and cuts connections when nobody expects it. */
export class CuttingProxy {
  readonly #server: Server;
  readonly #tally: Tally;
  readonly #pairs = new Set<() => void>();
  #isCutting = false;

  private constructor(port: number, tally: Tally) {
    this.#tally = tally;
    this.#server = createServer((client) => this.#join(client, connect(port, "127.0.0.1")));
  }

  /** @param port the server's */
  static async open(port: number, tally: Tally): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(port, tally);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** From now on it cuts connections, or none more. */
  cut(isCutting: boolean): void {
    this.#isCutting = isCutting;
  }

  close(): void {
    this.#server.close();
    for (const end of this.#pairs) {
      end();
    }
  }

  #join(client: Socket, server: Socket): void {
    const end = (): void => {
      clearTimeout(timer);
      this.#pairs.delete(end);
      client.destroy();
      server.destroy();
    };
    let timer: ReturnType<typeof setTimeout>;
    const look = (): void => {
      if (this.#isCutting) {
        this.#tally.cuts++;
        end();
      } else {
        begin();
      }
    };
    const begin = (): void => {
      timer = setTimeout(look, lastsMs * (1 + 2 * Math.random()));
    };
    begin();
    this.#pairs.add(end);
    for (const socket of [client, server]) {
      socket.on("error", end);
      socket.on("close", end);
      socket.setNoDelay(true);
    }
    client.pipe(server);
    server.pipe(client);
  }
}
