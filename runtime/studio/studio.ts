import type { IncomingMessage, ServerResponse } from "node:http";
import { NanowireError } from "../base/error.js";
import type { Inspector, InspectorHost } from "../server/inspector.js";
import { Access } from "./access.js";
import { Front } from "./front.js";
import { answerError } from "./http-answer.js";
import { HttpListener } from "./http-listener.js";
import { PageFiles } from "./page-files.js";
import { ServerApi } from "./server-api.js";
import { resolveStudioOptions, type StudioOptions, type StudioSettings } from "./studio-options.js";

/** What {@link studio} returns: it goes into `createServer({ inspectors: [ … ] })`. */
export interface Studio extends Inspector {
  /** Where its page is; undefined while its server is stopped, and where it has no listener of its own. */
  readonly url: string | undefined;
  /**
   * Answers a request that the program's own HTTP server was sent. Its URL begins at the studio's root, as it does behind `app.use("/studio", …)` of a router; the page is
   * then `/studio/`, with the slash. While the server is stopped it is answered with 502.
   */
  handle(request: IncomingMessage, response: ServerResponse): void;
}

/**
 * Shows what goes on in a server, on a page of its own: sessions, groups, nodes, routes, messages as they come and go, metrics; sends requests; kicks and drains.
 *
 * ```ts
 * createServer({ components, listen, inspectors: [studio({ descriptors: readFileSync("generated/descriptors.json") })] });
 * ```
 *
 * Without a token it is for this machine alone, and in production it is not there: docs/studio.md.
 *
 * @throws NanowireError `invalid_option`
 */
export function studio(options: StudioOptions = {}): Studio {
  return new ServerStudio(resolveStudioOptions(options), new PageFiles());
}

/** A studio of a running server. */
export class ServerStudio implements Studio {
  readonly name = "studio";
  readonly measures: boolean;
  readonly #settings: StudioSettings;
  readonly #page: PageFiles;
  readonly #access: Access;
  readonly #listener = new HttpListener((request, response) => this.handle(request, response));
  #front: Front | undefined;
  #api: ServerApi | undefined;

  constructor(settings: StudioSettings, page: PageFiles) {
    this.#settings = settings;
    this.#page = page;
    this.#access = new Access(settings.token, settings.hostNames);
    this.measures = settings.on && settings.charts;
  }

  get url(): string | undefined {
    return this.#listener.url;
  }

  async start(host: InspectorHost): Promise<void> {
    const { on, port, host: hostName } = this.#settings;
    if (!on) {
      host.logger.warn({}, "the studio is not there: NODE_ENV is production, and it has no token");
      return;
    }
    this.#api = new ServerApi(host, this.#settings);
    this.#front = new Front(this.#access, this.#page, this.#api, host.logger);
    if (port !== false) {
      await this.#listener.listen(hostName, port);
      host.logger.info({ url: this.url }, "the studio is there");
    }
  }

  async stop(): Promise<void> {
    this.#front = undefined;
    this.#api?.close();
    this.#api = undefined;
    await this.#listener.close();
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    if (this.#front === undefined) {
      answerError(response, new NanowireError("unavailable", "the server is stopped"));
    } else {
      void this.#front.handle(request, response);
    }
  }
}
