import type { IncomingMessage, ServerResponse } from "node:http";
import { NanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import type { Access } from "./access.js";
import { answerError } from "./http-answer.js";
import type { PageFiles } from "./page-files.js";

/** Answers what is asked behind `/api/`. */
export interface Api {
  /** @throws NanowireError what is answered instead */
  answer(path: string, query: URLSearchParams, request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** What stands between whoever asks and the server: the page is for all who get here, what it shows for those who have the token. */
export class Front {
  readonly #access: Access;
  readonly #page: PageFiles;
  readonly #api: Api;
  readonly #logger: Logger;

  constructor(access: Access, page: PageFiles, api: Api, logger: Logger) {
    this.#access = access;
    this.#page = page;
    this.#api = api;
    this.#logger = logger;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#answer(request, response);
    } catch (error) {
      const told = answerError(response, error);
      if (told !== error) {
        this.#logger.error({ error, url: request.url }, "the studio failed to answer");
      }
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "", headers } = request;
    this.#access.assertPlace(headers);
    const [path = "", query = ""] = url.split("?", 2);
    if (path.startsWith("/api/")) {
      this.#access.assertToken(headers);
      await this.#api.answer(path.slice("/api/".length), new URLSearchParams(query), request, response);
    } else if (method !== "GET" && method !== "HEAD") {
      throw new NanowireError("wrong_kind", `${path} is asked for with GET, not with ${method}`);
    } else if (!(await this.#page.answer(path, response, method === "GET"))) {
      throw new NanowireError("unknown_route", `there is no ${path}`);
    }
  }
}
