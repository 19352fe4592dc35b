import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { NanowireError } from "../base/error.js";
import type { DescriptorsFile } from "../protocol/descriptors-file.js";
import type { ServerAnswer } from "./answers.js";
import type { Api } from "./front.js";
import { answerJson, guards, readJson } from "./http-answer.js";
import { isLoopback } from "./studio-options.js";

/** What a server's door far away answers: asked with a token that no browser sees. */
export class RemoteApi implements Api {
  readonly #door: URL;
  readonly #token: string | undefined;
  readonly #descriptors: DescriptorsFile | undefined;

  /** @param descriptors told in place of the server's */
  constructor(door: URL, token: string | undefined, descriptors: DescriptorsFile | undefined) {
    this.#door = door;
    this.#token = token;
    this.#descriptors = descriptors;
  }

  /**
   * What the server says of itself.
   *
   * @throws NanowireError `unavailable`, `unauthenticated`
   */
  async server(): Promise<ServerAnswer> {
    const response = await this.#fetch("server", {});
    const answer = (await response.json().catch(() => undefined)) as Partial<
      ServerAnswer & { error: { message: string } }
    >;
    if (response.status === 401) {
      throw new NanowireError("unauthenticated", answer?.error?.message ?? "the token is missing");
    }
    if (answer?.door !== 1) {
      const what =
        answer?.door === undefined ? "no studio" : `a studio that speaks another way (${String(answer.door)}, not 1)`;
      throw new NanowireError("unavailable", answer?.error?.message ?? `${this.#door.href} is ${what}`);
    }
    const { addresses = [] } = answer;
    return {
      ...(answer as ServerAnswer),
      descriptors: this.#descriptors !== undefined || answer.descriptors === true,
      addresses: addresses.map(({ transport, url }) => ({ transport, url: this.#seenFromHere(url) })),
    };
  }

  async answer(
    path: string,
    query: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (path === "server") {
      answerJson(response, await this.server());
    } else if (path === "descriptors" && this.#descriptors !== undefined) {
      const { dictVersion, routes, descriptorSet } = this.#descriptors;
      const base64 = Buffer.from(descriptorSet).toString("base64");
      answerJson(response, { version: 1, dictVersion, routes, descriptorSet: base64 });
    } else {
      await this.#pass(`${path}?${query}`, request, response);
    }
  }

  /** What is asked goes on, and what is answered comes back, as it comes: the feed does not end. */
  async #pass(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET" } = request;
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const body = method === "POST" ? { body: JSON.stringify(await readJson(request)) } : {};
    const answer = await this.#fetch(path, { method, signal: gone.signal, ...body });
    response.writeHead(answer.status, {
      ...guards,
      "Content-Type": answer.headers.get("content-type") ?? "application/json",
      "Cache-Control": "no-store",
    });
    if (answer.body === null) {
      response.end();
    } else {
      const stream = Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]);
      // A server that goes, or a browser, ends it in the middle: the page asks again.
      stream.on("error", () => response.destroy());
      stream.pipe(response);
    }
  }

  /** @throws NanowireError `unavailable` */
  async #fetch(path: string, options: RequestInit): Promise<Response> {
    const headers: Record<string, string> = {
      ...(options.method === "POST" ? { "Content-Type": "application/json" } : {}),
      ...(this.#token === undefined ? {} : { Authorization: `Bearer ${this.#token}` }),
    };
    try {
      return await fetch(new URL(`api/${path}`, this.#door), { ...options, headers, redirect: "error" });
    } catch (cause) {
      throw new NanowireError("unavailable", `${this.#door.href} does not answer: ${reasonOf(cause)}`, { cause });
    }
  }

  /** A server tells where clients of its own machine connect. */
  #seenFromHere(url: string): string {
    if (!URL.canParse(url)) {
      return url;
    }
    const to = new URL(url);
    if (isLoopback(to.hostname.replace(/^\[(.*)\]$/, "$1"))) {
      to.hostname = this.#door.hostname;
    }
    return to.href;
  }
}

/** The reason beneath what fetch says, which is that it has failed. */
function reasonOf(error: unknown): string {
  const { cause, message } = Object(error) as Partial<Error>;
  const { code, message: inner } = Object(cause) as { readonly code?: unknown; readonly message?: unknown };
  return String(code ?? inner ?? message);
}
