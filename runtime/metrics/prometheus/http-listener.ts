import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { NanowireError } from "../../base/error.js";

/** What is answered. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Path → what is answered to whoever asks for it. */
export type Answers = ReadonlyMap<string, () => Answer | Promise<Answer>>;

/** A small HTTP listener that is asked and answers: GET and HEAD, a few paths, and no more connections than are needed for that. */
export class HttpListener {
  readonly #answers: Answers;
  #server: Server | undefined;

  constructor(answers: Answers) {
    this.#answers = answers;
  }

  /** Where it listens; undefined while it does not. */
  get address(): AddressInfo | undefined {
    return (this.#server?.address() as AddressInfo | null | undefined) ?? undefined;
  }

  /** @throws NanowireError `listen_failed` */
  async listen(host: string, port: number): Promise<void> {
    const options = {
      requestTimeout: longestMs,
      headersTimeout: longestMs,
      keepAliveTimeout: longestMs,
      maxHeaderSize,
    };
    const server = createServer(options, (request, response) => void this.#answer(request, response));
    server.maxConnections = mostConnections;
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause) => {
        const message = `metrics cannot be told on ${host}:${port}: ${cause.message}`;
        reject(new NanowireError("listen_failed", message, { cause }));
      });
      // Processes that share a listener of their server do not share this: each has metrics of its own.
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

  async #answer({ method, url = "" }: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = ""] = url.split("?");
    const answer = this.#answers.get(path);
    if (answer === undefined) {
      send(response, { status: 404, type: plain, body: `there are ${[...this.#answers.keys()].join(", ")}\n` });
    } else if (method !== "GET" && method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      send(response, { status: 405, type: plain, body: "GET and HEAD are answered\n" });
    } else {
      send(response, await answer());
    }
  }
}

function send(response: ServerResponse, { status, type, body }: Answer): void {
  // Node sends no body to a HEAD.
  response.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}

/** The type of plain text. */
export const plain = "text/plain; charset=utf-8";

/** Milliseconds that whoever asks may take for it. */
const longestMs = 10_000;

const maxHeaderSize = 8_192;

const mostConnections = 64;
