import { unzipSync } from "node:zlib";
import { NanowireError } from "../base/error.js";
import { decodeErrorPayload } from "../protocol/error-payload.js";
import { maxBodyBytes } from "../protocol/limits.js";
import { jsonSerializer, protobufSerializer } from "../protocol/serializer.js";
import { type CaptureLine, type LinePayload, timeText } from "./capture-line.js";
import { type CaptureTypes, noTypes, readCaptureTypes } from "./capture-types.js";
import { captureFault } from "./fault.js";
import { readLinePayload } from "./line-payload.js";

/** Which messages of a server are told. */
export interface FeedTerms {
  /** Where the studio of the server is: `http://127.0.0.1:7350`. */
  readonly url: string;
  /** Who may look; undefined where anybody on the machine may. */
  readonly token: string | undefined;
  /** Those of these routes alone, in which `*` stands for any characters; none: all. */
  readonly routes: readonly string[];
  /** Those of these sessions alone; none: all. */
  readonly sessions: readonly string[];
  /** What messages are decoded with; undefined: what the server tells. */
  readonly types: CaptureTypes | undefined;
  readonly note: (message: string) => void;
  readonly signal: AbortSignal;
}

/** A server that tells what it says and hears. */
export interface Feed {
  readonly types: CaptureTypes;
  readonly lines: AsyncGenerator<CaptureLine, void, undefined>;
}

/**
 * Listens to a server, through the door of its studio.
 *
 * @throws NanowireError `connect_failed` where nobody is there, `invalid_capture` where it is no studio, or does not let in
 */
export async function openFeed(terms: FeedTerms): Promise<Feed> {
  const about = Object(await (await ask(terms, "api/server")).json()) as Readonly<Record<string, unknown>>;
  if (about["door"] !== doorVersion) {
    throw captureFault(
      `${terms.url} is no studio that this program knows: its door is ${JSON.stringify(about["door"])}`,
    );
  }
  const types = terms.types ?? (about["descriptors"] === true ? await readTypes(terms) : noTypes);
  if (types === noTypes) {
    terms.note("the server does not tell its types, so messages are bytes: name --proto or --descriptors");
  } else if (types.dictVersion !== "" && types.dictVersion !== about["dictVersion"]) {
    terms.note(`the server's routes are ${about["dictVersion"]}, and those of the descriptors ${types.dictVersion}`);
  }
  if (about["payloads"] === false) {
    terms.note("the server tells nothing of what messages hold");
  }
  const query = new URLSearchParams({ payload: "1048576", rate: "20000" });
  for (const route of terms.routes) {
    query.append("route", route);
  }
  for (const session of terms.sessions) {
    query.append("session", session);
  }
  const response = await ask(terms, `api/messages?${query}`);
  return { types, lines: readFeed(response.body ?? [], types, terms) };
}

async function readTypes(terms: FeedTerms): Promise<CaptureTypes> {
  return readCaptureTypes(await (await ask(terms, "api/descriptors")).text());
}

async function ask({ url, token, signal }: FeedTerms, path: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(new URL(path, url.endsWith("/") ? url : `${url}/`), {
      signal,
      redirect: "error",
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
  } catch (cause) {
    const reason = Object((cause as Error).cause).code ?? (cause as Error).message;
    throw new NanowireError("connect_failed", `${url} could not be reached: ${reason}`, { cause });
  }
  if (!response.ok) {
    const told = (await response.json().catch(() => undefined)) as unknown;
    const { message } = Object(Object(told).error) as { readonly message?: unknown };
    const advice = response.status === 401 ? ": --token names what its studio was given" : "";
    throw captureFault(
      `${url} answers ${response.status}${typeof message === "string" ? `, ${message}` : ""}${advice}`,
    );
  }
  return response;
}

async function* readFeed(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  types: CaptureTypes,
  { note, signal, url }: FeedTerms,
): AsyncGenerator<CaptureLine, void, undefined> {
  const listener = new FeedListener(types);
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for await (const chunk of body) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > longestLine) {
        throw captureFault(`${url} says a line of more than ${longestLine} characters`);
      }
      for (const line of lines.filter((text) => text !== "")) {
        yield* listener.hear(JSON.parse(line) as FeedLine);
      }
    }
  } catch (cause) {
    if (signal.aborted) {
      return;
    }
    if (cause instanceof NanowireError) {
      throw cause;
    }
    throw new NanowireError("connection_lost", `${url} says nothing more: ${(cause as Error).message}`, { cause });
  }
  note(`${url} says nothing more: its server stopped`);
}

/** A line of the door's feed, as docs/studio.md tells it. */
interface FeedLine {
  readonly type: string;
  readonly atMs: number;
  readonly kind: string;
  readonly direction: "in" | "out";
  readonly event: string;
  readonly session: string;
  readonly uid: string;
  readonly route: string;
  readonly id: string;
  readonly code: string;
  readonly count: number;
  readonly durationMs?: number;
  readonly serializer: string;
  readonly compressed: boolean;
  readonly payload?: string;
  readonly withheld?: string;
}

/** Makes lines of a capture of those of a feed. */
class FeedListener {
  readonly #types: CaptureTypes;
  /** Session → the number of its connection. */
  readonly #connections = new Map<string, number>();
  #last = 0;

  constructor(types: CaptureTypes) {
    this.#types = types;
  }

  *hear(said: FeedLine): Generator<CaptureLine> {
    const time = timeText(said.atMs * 1_000);
    if (said.type === "lost") {
      yield { time, connection: 0, kind: "lost", count: said.count };
    } else if (said.type === "session" && said.event === "closed") {
      const connection = this.#connections.get(said.session);
      this.#connections.delete(said.session);
      if (connection !== undefined) {
        const by = said.code === "connection_lost" || said.code === "" ? "client" : "server";
        yield { time, connection, session: said.session, kind: "close", by };
      }
    } else if (said.type === "message" || (said.type === "session" && said.event === "opened")) {
      let connection = this.#connections.get(said.session);
      if (connection === undefined) {
        connection = ++this.#last;
        this.#remember(said.session, connection);
        yield { time, connection, session: said.session, kind: "open" };
      }
      if (said.type === "message") {
        yield* this.#message(said, {
          time,
          connection,
          session: said.session,
          ...(said.uid === "" ? {} : { uid: said.uid }),
        });
      }
    }
  }

  /** That a session was closed may be among what was lost. */
  #remember(session: string, connection: number): void {
    this.#connections.set(session, connection);
    if (this.#connections.size > mostSessions) {
      for (const oldest of this.#connections.keys()) {
        this.#connections.delete(oldest);
        break;
      }
    }
  }

  *#message(
    said: FeedLine,
    base: Pick<CaptureLine, "time" | "connection" | "session" | "uid">,
  ): Generator<CaptureLine> {
    const { kind, route, direction } = said;
    if (kind === "failure") {
      yield { ...base, kind: "fault", direction, message: `${route}: ${said.code}` };
      return;
    }
    if (kind === "response" && said.code !== "") {
      yield { ...base, ...this.#about(said), code: said.code, ...this.#errorOf(said) };
      return;
    }
    const { told, fault } = this.#payloadOf(said);
    if (fault !== undefined) {
      yield { ...base, kind: "fault", direction, message: `${route}: ${fault}` };
    }
    if (kind === "request") {
      yield { ...base, kind, direction: "in", id: idOf(said.id), route, ...told };
    } else if (kind === "response") {
      yield { ...base, ...this.#about(said), code: "ok", ...told };
    } else if (kind === "notify") {
      yield { ...base, kind, direction: "in", route, ...told };
    } else if (kind === "push") {
      yield { ...base, kind, direction: "out", route, ...told };
    }
  }

  #about({ id, route, durationMs }: FeedLine) {
    const took = durationMs === undefined ? {} : { durationMs };
    return { kind: "response", direction: "out", id: idOf(id), route, ...took } as const;
  }

  #errorOf(said: FeedLine): { readonly error?: { readonly message: string } } {
    const bytes = said.payload === undefined ? undefined : inflated(said);
    if (bytes === undefined) {
      return {};
    }
    const { message, details } = decodeErrorPayload(
      bytes,
      said.serializer === "json" ? jsonSerializer : protobufSerializer,
    );
    return { error: { message, ...(Object.keys(details).length === 0 ? {} : { details }) } };
  }

  #payloadOf(said: FeedLine): { readonly told: LinePayload; readonly fault?: string } {
    const { route, kind, serializer, withheld } = said;
    if (withheld !== undefined) {
      return { told: { redacted: ["payload"] } };
    }
    const bytes = inflated(said);
    if (bytes === undefined) {
      return { told: {}, fault: "its compressed payload is no zlib stream" };
    }
    const { book } = this.#types;
    const type = book.find(route)?.[kind === "response" ? "response" : "request"];
    const read = readLinePayload(bytes, { book, type, serializer, showsSecrets: false });
    return { told: read.said, ...(read.fault === undefined ? {} : { fault: read.fault }) };
  }
}

function inflated({ payload = "", compressed }: FeedLine): Uint8Array | undefined {
  const bytes = new Uint8Array(Buffer.from(payload, "base64"));
  try {
    return compressed ? unzipSync(bytes, { maxOutputLength: maxBodyBytes }) : bytes;
  } catch {
    return undefined;
  }
}

function idOf(text: string): number | string {
  const id = Number(text);
  return Number.isSafeInteger(id) ? id : text;
}

const doorVersion = 1;
const longestLine = 4_194_304;
const mostSessions = 1_000_000;
