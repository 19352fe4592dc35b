import type { IncomingMessage, ServerResponse } from "node:http";
import { NanowireError } from "../base/error.js";
import type { InspectorHost } from "../server/inspector.js";
import type { Session } from "../session/session.js";
import type { ServerAnswer } from "./answers.js";
import { feedFilter, integer } from "./feed-filter.js";
import type { Api } from "./front.js";
import { answerJson, guards, readJson } from "./http-answer.js";
import { Listings, type PageRequest } from "./listings.js";
import { MessageFeed } from "./message-feed.js";
import type { StudioSettings } from "./studio-options.js";

/** What a running server answers. */
export class ServerApi implements Api {
  readonly #host: InspectorHost;
  readonly #settings: StudioSettings;
  readonly #listings: Listings;
  readonly #feeds = new Set<MessageFeed>();
  readonly #startedAtMs: number;

  constructor(host: InspectorHost, settings: StudioSettings) {
    this.#host = host;
    this.#settings = settings;
    this.#listings = new Listings(host, settings);
    this.#startedAtMs = host.clock.now();
  }

  /** The server stops. */
  close(): void {
    this.#listings.close();
    for (const feed of this.#feeds) {
      feed.close();
    }
  }

  async answer(
    path: string,
    query: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (request.method === "POST") {
      await this.#do(path, request, response);
    } else if (request.method !== "GET") {
      throw new NanowireError("wrong_kind", `api/${path} is asked with GET, and told with POST`);
    } else if (path === "messages") {
      this.#feed(query, response);
    } else {
      answerJson(response, await this.#look(path, query));
    }
  }

  async #look(path: string, query: URLSearchParams): Promise<unknown> {
    const [kind, id, ...rest] = path.split("/");
    if (kind === "sessions" && id !== undefined && rest.length === 0) {
      return this.#listings.entryOf(this.#session(id));
    }
    switch (path) {
      case "server":
        return this.#server();
      case "sessions": {
        const group = query.has("group") ? integer(query, "group", 0, 0, Number.MAX_SAFE_INTEGER) : undefined;
        const newestFirst = query.get("order") === "newest";
        return await this.#listings.sessions({ ...pageRequest(query), group, newestFirst });
      }
      case "groups":
        return await this.#listings.groups(pageRequest(query));
      case "nodes":
        return this.#listings.nodes();
      case "routes":
        return this.#listings.routes();
      case "metrics":
        return this.#listings.metrics();
      case "descriptors":
        return this.#descriptors();
      default:
        throw new NanowireError("unknown_route", `there is no api/${path}; there are ${lists.join(", ")}`);
    }
  }

  #server(): ServerAnswer {
    const { title, payloads, readOnly, descriptors } = this.#settings;
    const { state, sessions, connections } = this.#host.health();
    return {
      title,
      door: 1,
      state,
      node: this.#host.nodes()[0]?.id ?? "",
      startedAtMs: this.#startedAtMs,
      sessions,
      connections,
      addresses: this.#host.addresses().map(({ transport, url }) => ({ transport, url })),
      dictVersion: this.#host.dictVersion(),
      descriptors: descriptors !== undefined,
      payloads,
      readOnly,
    };
  }

  /** As `nanowire generate --descriptors` writes it, but for the comments that it is begun with. */
  #descriptors(): unknown {
    const { descriptors } = this.#settings;
    if (descriptors === undefined) {
      throw new NanowireError("unknown_route", "there are no descriptors: studio({ descriptors }) hands them over");
    }
    const { dictVersion, routes, descriptorSet } = descriptors;
    return { version: 1, dictVersion, routes, descriptorSet: Buffer.from(descriptorSet).toString("base64") };
  }

  #feed(query: URLSearchParams, response: ServerResponse): void {
    const filter = feedFilter(query);
    if (this.#feeds.size >= mostFeeds) {
      throw new NanowireError("overloaded", `${mostFeeds} watch already, as many as may`);
    }
    response.writeHead(200, {
      ...guards,
      "Content-Type": "application/x-ndjson; charset=utf-8",
      "Cache-Control": "no-store",
      // A proxy that collects lines would tell them late.
      "X-Accel-Buffering": "no",
    });
    const feed = new MessageFeed(this.#host, filter, this.#settings.payloads, response);
    this.#feeds.add(feed);
    response.on("close", () => {
      this.#feeds.delete(feed);
      feed.close();
    });
  }

  async #do(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [kind, id = "", action, ...rest] = path.split("/");
    const isKick = kind === "sessions" && action === "kick" && rest.length === 0;
    if (!isKick && path !== "drain") {
      throw new NanowireError("unknown_route", `there is nothing to be done at api/${path}`);
    }
    const body = await readJson(request);
    if (this.#settings.readOnly) {
      throw new NanowireError("wrong_kind", "the studio is read-only: nobody is kicked, and nothing drained");
    }
    if (isKick) {
      this.#kick(id, text(body, "reason", "kicked by an operator"));
    } else {
      await this.#drain(body);
    }
    answerJson(response, {}, isKick ? 200 : 202);
  }

  #kick(id: string, reason: string): void {
    const session = this.#session(id);
    this.#host.logger.info({ session: id, reason }, "the studio kicks a session");
    session.kick(reason);
  }

  /** Answered when it has begun: it may take long. */
  async #drain(body: Readonly<Record<string, unknown>>): Promise<void> {
    const { graceMs } = body;
    if (graceMs !== undefined && typeof graceMs !== "number") {
      throw new NanowireError("invalid_argument", "graceMs is not a number");
    }
    const reason = text(body, "reason", "");
    const options = { ...(graceMs === undefined ? {} : { graceMs }), ...(reason === "" ? {} : { reason }) };
    this.#host.logger.info({ graceMs, reason }, "the studio drains the server");
    const refused = this.#host.drain(options).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    const begun = new Promise<undefined>((resolve) => void setImmediate(() => resolve(undefined)));
    const failure = await Promise.race([refused, begun]);
    if (failure !== undefined) {
      throw failure.error;
    }
    void refused.then((later) => later && this.#host.logger.error(later, "the server could not be drained"));
  }

  /** @throws NanowireError `session_closed` */
  #session(id: string): Session {
    const session = this.#host.session(id);
    if (session === undefined) {
      throw new NanowireError("session_closed", `there is no session ${id.slice(0, 32)}: it has closed, or never was`);
    }
    return session;
  }
}

function pageRequest(query: URLSearchParams): PageRequest {
  const search = (query.get("search") ?? "").trim().toLowerCase();
  if (search.length > mostSearch) {
    throw new NanowireError("invalid_argument", `search is longer than ${mostSearch} characters`);
  }
  return {
    offset: integer(query, "offset", 0, 0, Number.MAX_SAFE_INTEGER),
    limit: integer(query, "limit", 100, 1, 1_000),
    search,
  };
}

function text(body: Readonly<Record<string, unknown>>, name: string, fallback: string): string {
  const value = body[name] ?? fallback;
  if (typeof value !== "string" || value.length > mostReason) {
    throw new NanowireError("invalid_argument", `${name} is no text of ${mostReason} characters at the most`);
  }
  return value;
}

const lists = ["server", "sessions", "groups", "nodes", "routes", "metrics", "descriptors", "messages"];

/** How many watch at once: each is asked for every message. */
const mostFeeds = 8;

const mostSearch = 256;
const mostReason = 200;
