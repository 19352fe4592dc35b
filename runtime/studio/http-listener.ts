import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { NanowireError } from "../base/error.js";

/** A small HTTP listener, for a few who look in: it holds no more connections than they need. */
export class HttpListener {
  readonly #handle: (request: IncomingMessage, response: ServerResponse) => void;
  #server: Server | undefined;

  constructor(handle: (request: IncomingMessage, response: ServerResponse) => void) {
    this.#handle = handle;
  }

  /** Where it listens; undefined while it does not. */
  get url(): string | undefined {
    const address = this.#server?.address() as AddressInfo | null | undefined;
    return address == null ? undefined : urlOf(address);
  }

  /** @throws NanowireError `listen_failed` */
  async listen(host: string, port: number): Promise<void> {
    const options = {
      requestTimeout: longestMs,
      headersTimeout: longestMs,
      keepAliveTimeout: longestMs,
      maxHeaderSize,
    };
    const server = createServer(options, this.#handle);
    server.maxConnections = mostConnections;
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause) => {
        const message = `the studio cannot be shown on ${host}:${port}: ${cause.message}`;
        reject(new NanowireError("listen_failed", message, { cause }));
      });
      // Processes that share a listener of their server do not share this: each has sessions of its own.
      server.listen({ host, port, exclusive: true }, resolve);
    });
    server.removeAllListeners("error");
    // What it cannot accept is nobody's loss: who asks, asks again.
    server.on("error", () => {});
    this.#server = server;
  }

  /** Resolved when it is closed, whoever is connected. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server !== undefined) {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    }
  }
}

function urlOf({ address, family, port }: AddressInfo): string {
  const host = address === "0.0.0.0" || address === "::" ? "127.0.0.1" : address;
  return `http://${family === "IPv6" && host.includes(":") ? `[${host}]` : host}:${port}/`;
}

/** Milliseconds that whoever asks may take for it. */
const longestMs = 10_000;

const maxHeaderSize = 8_192;

const mostConnections = 64;
