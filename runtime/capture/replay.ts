import { assertOptions } from "../base/assert-options.js";
import { NanowireError } from "../base/error.js";
import { dialNode, nodeSchemes } from "../client/dial-node.js";
import { parseDialUrl, showUrl } from "../client/dial-url.js";
import { maxTimeoutMs } from "../client/limits.js";
import { assertNumber, invalidOption } from "../client/number-option.js";
import type { Descriptors } from "../protocol/descriptors-file.js";
import { maxBodyBytes } from "../protocol/limits.js";
import type { CaptureLine, HandshakeLine, NotifyLine, PushLine, RequestLine, ResponseLine } from "./capture-line.js";
import { timeOf } from "./capture-line.js";
import { type CaptureTypes, readCaptureTypes } from "./capture-types.js";
import { canonicalText, compareJson } from "./compare-json.js";
import { captureFault } from "./fault.js";
import { type IsIgnored, ignoreMatcher } from "./json-path.js";
import type { Capture, NumberedLine } from "./read-capture.js";
import { typesOfServer } from "./reflected-types.js";
import { ReplayClient, type ReplayTerms } from "./replay-client.js";
import type { ReplayDifference, ReplayReport } from "./replay-report.js";
import { routeMatcher } from "./route-pattern.js";

/** How a capture is replayed. */
export interface ReplayOptions {
  /** The server: `ws://host:port/path`, `wss://…`, `tcp://host:port`, `tls://…`. */
  readonly url: string;
  /** What messages are encoded and decoded with: what `nanowire generate --descriptors FILE` writes, or the bytes of a FileDescriptorSet. Default: the server is asked. */
  readonly descriptors?: Descriptors;
  /** What is asked for where a handshake is not in the capture: `protobuf` or `json`. Default: `protobuf`. */
  readonly serializer?: "protobuf" | "json";
  /** How fast: 1 as it was captured, 2 twice as fast; 0: as fast as answers come. To 1,000. Default: 0. */
  readonly speed?: number;
  /** Milliseconds to wait for a connection, an answer, a push; 0: for ever. To 2,147,483,647. Default: 10,000. */
  readonly timeoutMs?: number;
  /** Places in answers that are not compared: `payload.atMs`, `payload.members[*].id`, `**.token`, `Room.Join:error.message`. Default: none. */
  readonly ignore?: readonly string[];
  /** Routes whose messages are not sent, in which `*` stands for any characters. Default: none. */
  readonly skip?: readonly string[];
  /** Whether pushes are compared: which came to a connection, in whatever order. Default: false. */
  readonly pushes?: boolean;
  /** What every handshake tells the application, instead of what the capture has. Default: nothing else. */
  readonly user?: unknown;
  /** The issuers of certificates that are trusted with `wss://` and `tls://`, as PEM. Default: Node's own. */
  readonly ca?: string | Uint8Array;
  /** Takes the lines of what was said anew: a capture of its own. Default: nobody does. */
  readonly onLine?: (line: CaptureLine) => void;
  /** Told what people should know. Default: nobody is. */
  readonly onNote?: (message: string) => void;
  /** Gives it up: rejects with `canceled`. Default: nothing does. */
  readonly signal?: AbortSignal;
}

/**
 * Says to a server what clients said in a capture, each over a connection of its own, and compares what it answers. What was said after an answer is said after it
 * again, also on another connection.
 *
 * @throws NanowireError `invalid_option`, `invalid_url`; `invalid_capture` where something was left out of it without which it cannot be said again; `connect_failed` where the
 * server is not there; `canceled`
 */
export async function replay(capture: Capture, options: ReplayOptions): Promise<ReplayReport> {
  const settings = resolveOptions(options);
  assertWhole(capture, settings);
  const { url, ca, signal } = settings;
  const types = settings.types ?? (await typesOfServer(url.href, asBytes(ca), signal));
  noteTypes(capture, types, options.onNote ?? (() => {}));
  const terms: ReplayTerms = {
    ...settings,
    types,
    dial: dialNode(url, { maxPacketBytes: maxBodyBytes, ...(ca === undefined ? {} : { ca }) }),
    showsSecrets: capture.head.secrets === true,
    tell: options.onLine ?? (() => {}),
  };
  const run = new Replay(capture, settings, terms);
  try {
    return await run.run(showUrl(url));
  } finally {
    run.close();
  }
}

/** The options with everything filled in. */
interface ReplaySettings {
  readonly url: URL;
  readonly types: CaptureTypes | undefined;
  readonly serializer: string;
  readonly speed: number;
  readonly timeoutMs: number;
  readonly isIgnored: IsIgnored;
  readonly isSkipped: (route: string) => boolean;
  readonly pushes: boolean;
  readonly user: unknown;
  readonly ca: string | Uint8Array | undefined;
  readonly signal: AbortSignal;
}

/** @throws NanowireError `invalid_option`, `invalid_url` */
function resolveOptions(options: ReplayOptions): ReplaySettings {
  assertOptions("", options, {
    url: "string",
    descriptors: "checked",
    serializer: "string",
    speed: "checked",
    timeoutMs: "checked",
    ignore: "array",
    skip: "array",
    pushes: "boolean",
    user: "checked",
    ca: "checked",
    onLine: "function",
    onNote: "function",
    signal: "object",
  });
  const { serializer = "protobuf", speed = 0, timeoutMs = 10_000, skip = [], descriptors } = options;
  if (serializer !== "protobuf" && serializer !== "json") {
    throw invalidOption("serializer", serializer, "protobuf or json");
  }
  assertNumber("speed", speed, 0, 1_000);
  assertNumber("timeoutMs", timeoutMs, 0, maxTimeoutMs);
  return {
    url: parseDialUrl(options.url, nodeSchemes),
    types: descriptors === undefined ? undefined : readCaptureTypes(descriptors),
    serializer,
    speed,
    timeoutMs,
    isIgnored: ignoreMatcher(options.ignore ?? []),
    isSkipped: skip.length === 0 ? () => false : routeMatcher(skip),
    pushes: options.pushes ?? false,
    user: options.user,
    ca: options.ca,
    signal: options.signal ?? new AbortController().signal,
  };
}

/** Refuses what cannot be said as it was: before anything is said. */
function assertWhole({ name, lines }: Capture, { isSkipped, user }: ReplaySettings): void {
  for (const { number, line } of lines) {
    if ((line.kind === "request" || line.kind === "notify") && !isSkipped(line.route)) {
      const [secret] = line.redacted ?? [];
      if (secret !== undefined) {
        const message = `${name}:${number}: ${line.route}: ${secret} was left out as a secret: capture with --secrets, or skip ${line.route}`;
        throw captureFault(message);
      }
      if (line.route.startsWith("#")) {
        throw captureFault(
          `${name}:${number}: nobody knows what the route ${line.route} is called: capture from the handshake on`,
        );
      }
    }
    if (line.kind === "handshake" && line.direction === "in" && line.redacted !== undefined && user === undefined) {
      const message = `${name}:${number}: what the handshake tells the application was left out as a secret: capture with --secrets, or say it with --user JSON`;
      throw captureFault(message);
    }
  }
}

function noteTypes({ name, head }: Capture, types: CaptureTypes, note: (message: string) => void): void {
  if (head.types !== undefined && head.types !== types.fingerprint) {
    note(`the types are not those of ${name}: fields that were renamed or removed differ`);
  }
}

function asBytes(ca: string | Uint8Array | undefined): Uint8Array | undefined {
  return typeof ca === "string" ? new TextEncoder().encode(ca) : ca;
}

/** A captured connection, and the client that stands for it. */
interface Part {
  readonly client: ReplayClient;
  /** Captured id → the request's line and the id that it was sent with. */
  readonly asked: Map<number | string, { readonly at: NumberedLine; readonly id: number }>;
  /** The pushes that were captured. */
  readonly pushes: { readonly number: number; readonly line: PushLine }[];
  /** The routes whose pushes did not come in time: they are not waited for again. */
  readonly late: Set<string>;
}

/** A capture that is being replayed. */
class Replay {
  readonly #capture: Capture;
  readonly #settings: ReplaySettings;
  readonly #terms: ReplayTerms;
  readonly #parts = new Map<number, Part>();
  /** Connections that could not be made, or were closed by the server: what they would say is not said. */
  readonly #gone = new Set<number>();
  readonly #differences: ReplayDifference[] = [];
  readonly #answers = { same: 0, different: 0, missing: 0 };
  readonly #pushes = { same: 0, different: 0, missing: 0, unexpected: 0 };
  #differenceCount = 0;
  #sent = 0;
  #skipped = 0;
  #connections = 0;

  constructor(capture: Capture, settings: ReplaySettings, terms: ReplayTerms) {
    this.#capture = capture;
    this.#settings = settings;
    this.#terms = terms;
  }

  async run(url: string): Promise<ReplayReport> {
    const { lines, name } = this.#capture;
    const { pushes, speed } = this.#settings;
    const shaken = new Set(
      lines.flatMap(({ line }) => (line.kind === "handshake" && line.direction === "in" ? [line.connection] : [])),
    );
    const pace = new Pace(speed, this.#settings.signal);
    for (const at of lines) {
      const { line } = at;
      const isClients = "direction" in line ? line.direction === "in" : line.kind === "open" || line.kind === "close";
      if (isClients) {
        await pace.until(timeOf(line.time));
      }
      if (line.kind === "open" && !shaken.has(line.connection)) {
        await this.#open(at, undefined);
      } else if (line.kind === "handshake" && line.direction === "in") {
        await this.#open(at, line);
      } else {
        await this.#line(at, line);
      }
    }
    await this.#settle();
    return {
      capture: name,
      url,
      connections: this.#connections,
      sent: this.#sent,
      skipped: this.#skipped,
      answers: this.#answers,
      ...(pushes ? { pushes: this.#pushes } : {}),
      differences: this.#differences,
      differenceCount: this.#differenceCount,
    };
  }

  close(): void {
    for (const { client } of this.#parts.values()) {
      client.close();
    }
  }

  async #open(at: NumberedLine, asked: HandshakeLine | undefined): Promise<void> {
    const { connection } = at.line;
    const client = new ReplayClient(this.#terms, connection);
    this.#parts.set(connection, { client, asked: new Map(), pushes: [], late: new Set() });
    this.#connections++;
    await client.open(asked);
    if (client.handshake === undefined) {
      this.#lose(at, client.closedBy ?? "nothing is answered to the handshake");
    }
  }

  async #line(at: NumberedLine, line: CaptureLine): Promise<void> {
    const part = this.#parts.get(line.connection);
    if (part === undefined || this.#gone.has(line.connection)) {
      return;
    }
    switch (line.kind) {
      case "handshake":
        this.#compareHandshakes(at, line, part);
        break;
      case "request":
      case "notify":
        this.#say(at, line, part);
        break;
      case "response":
        await this.#compareAnswers(at, line, part);
        break;
      case "push":
        await this.#expect(at, line, part);
        break;
      case "kick":
        await part.client.closed();
        break;
      case "close":
        await this.#compareEnds(at, line.by, part);
        break;
      default:
    }
  }

  #compareHandshakes(at: NumberedLine, line: HandshakeLine, { client }: Part): void {
    const { handshake } = client;
    if (handshake !== undefined && handshake.code !== line.code) {
      this.#differ(at, { path: "code", captured: line.code ?? null, replayed: handshake.code ?? null });
    }
    if (handshake?.code !== 200) {
      this.#gone.add(line.connection);
    }
  }

  #say(at: NumberedLine, line: RequestLine | NotifyLine, { client, asked }: Part): void {
    if (this.#settings.isSkipped(line.route)) {
      this.#skipped++;
      return;
    }
    if (client.closedBy !== undefined) {
      this.#lose(at, client.closedBy);
      return;
    }
    try {
      const id = client.say(line);
      this.#sent++;
      if (line.kind === "request") {
        asked.set(line.id, { at, id });
      }
    } catch (error) {
      if (!(error instanceof NanowireError)) {
        throw error;
      }
      this.#differ(at, { problem: `it cannot be sent: ${error.message}` });
    }
  }

  async #compareAnswers(at: NumberedLine, line: ResponseLine, { client, asked }: Part): Promise<void> {
    const request = asked.get(line.id);
    if (request === undefined) {
      return;
    }
    asked.delete(line.id);
    const answer = await client.answer(request.id);
    const route = (request.at.line as RequestLine).route;
    if (answer === undefined) {
      this.#answers.missing++;
      const why = client.closedBy === undefined ? "no answer came in time" : `no answer came: ${client.closedBy}`;
      this.#differ(at, { route, problem: why });
      return;
    }
    const count = this.#compare(at, route, line, answer);
    this.#answers[count === 0 ? "same" : "different"]++;
  }

  /** @returns how many places differ */
  #compare(
    at: NumberedLine,
    route: string,
    captured: ResponseLine | PushLine,
    replayed: ResponseLine | PushLine,
  ): number {
    const isIgnored = this.#ignored(route, captured);
    let count = 0;
    for (const member of ["code", "error", "payload", "bytes"] as const) {
      const [before, after] = [captured, replayed].map((line) => Object(line)[member]);
      for (const found of compareJson(before, after, member, isIgnored)) {
        count++;
        this.#differ(at, {
          route,
          path: found.path,
          captured: found.captured ?? null,
          replayed: found.replayed ?? null,
        });
      }
    }
    return count;
  }

  /** What was left out of the capture is not compared either. */
  #ignored(route: string, { redacted = [] }: ResponseLine | PushLine): (path: string) => boolean {
    const secret = new Set(redacted);
    return (path) => secret.has(path) || this.#settings.isIgnored(route, path);
  }

  async #expect(at: NumberedLine, line: PushLine, part: Part): Promise<void> {
    if (this.#settings.pushes) {
      part.pushes.push({ number: at.number, line });
      const count = part.pushes.filter((push) => push.line.route === line.route).length;
      if (!part.late.has(line.route) && !(await part.client.pushed(line.route, count))) {
        part.late.add(line.route);
      }
    }
  }

  async #compareEnds(at: NumberedLine, by: string, { client }: Part): Promise<void> {
    if (by === "client") {
      await client.settle();
      this.#assertOpen(at, client);
      client.close();
    } else if (by === "server") {
      await client.closed();
    }
  }

  /** The end of the capture: what is open still is heard out. */
  async #settle(): Promise<void> {
    const last = this.#capture.lines.at(-1);
    for (const [connection, part] of this.#parts) {
      if (!this.#gone.has(connection)) {
        await part.client.settle();
      }
      if (this.#settings.pushes) {
        this.#comparePushes(part, last);
      }
    }
  }

  /** Compares the pushes to a connection: each of the capture with one that is the same, then those that are left. */
  #comparePushes({ client, pushes }: Part, last: NumberedLine | undefined): void {
    const came = new Map<string, PushLine[]>();
    for (const line of client.pushes) {
      const key = this.#keyOf(line, line);
      came.set(key, [...(came.get(key) ?? []), line]);
    }
    const left: NumberedLine[] = [];
    for (const { number, line } of pushes) {
      const same = came.get(this.#keyOf(line, line))?.pop();
      if (same === undefined) {
        left.push({ number, line });
      } else {
        this.#pushes.same++;
      }
    }
    const others = client.pushes.filter((line) => came.get(this.#keyOf(line, line))?.includes(line));
    for (const at of left) {
      const line = at.line as PushLine;
      const other = this.#nearest(line, others);
      if (other === undefined) {
        this.#pushes.missing++;
        this.#differ(at, { route: line.route, problem: "this push did not come" });
      } else {
        this.#pushes.different++;
        others.splice(others.indexOf(other), 1);
        this.#compare(at, line.route, line, other);
      }
    }
    for (const line of others) {
      this.#pushes.unexpected++;
      const at = { number: last?.number ?? 1, line };
      this.#differ(at, { route: line.route, problem: "a push came that is not in the capture" });
    }
  }

  /** The push of the same route, among the first, that differs at the fewest places. */
  #nearest(line: PushLine, others: readonly PushLine[]): PushLine | undefined {
    const isIgnored = this.#ignored(line.route, line);
    const [nearest] = others
      .filter(({ route }) => route === line.route)
      .slice(0, mostLookedAt)
      .map((other) => ({ other, far: [...compareJson(line.payload, other.payload, "payload", isIgnored)].length }))
      .sort((a, b) => a.far - b.far);
    return nearest?.other;
  }

  #keyOf(line: PushLine, captured: PushLine): string {
    const isIgnored = this.#ignored(line.route, captured);
    const text = canonicalText(line.payload, "payload", isIgnored);
    return `${line.route} ${text} ${isIgnored("bytes") ? "" : (line.bytes ?? "")}`;
  }

  #assertOpen(at: NumberedLine, client: ReplayClient): void {
    if (client.closedBy !== undefined) {
      this.#lose(at, client.closedBy);
    }
  }

  #lose(at: NumberedLine, why: string): void {
    this.#gone.add(at.line.connection);
    this.#differ(at, { problem: `the connection is gone: ${why}` });
  }

  #differ(
    { number, line }: NumberedLine,
    found: Omit<ReplayDifference, "line" | "connection" | "route"> & { readonly route?: string },
  ): void {
    this.#differenceCount++;
    if (this.#differences.length < mostDifferences) {
      const route = found.route ?? ("route" in line ? line.route : undefined);
      const about = { line: number, connection: line.connection, ...(route === undefined ? {} : { route }) };
      this.#differences.push({ ...about, ...found });
    }
  }
}

/** Waits as long as it took when it was captured, or a part of that. */
class Pace {
  readonly #speed: number;
  readonly #signal: AbortSignal;
  readonly #begunMs = performance.now();
  #firstUs: number | undefined;

  constructor(speed: number, signal: AbortSignal) {
    this.#speed = speed;
    this.#signal = signal;
  }

  async until(timeUs: number): Promise<void> {
    this.#firstUs ??= timeUs;
    const dueMs = this.#speed === 0 ? 0 : (timeUs - this.#firstUs) / 1_000 / this.#speed;
    const waitMs = Math.min(dueMs - (performance.now() - this.#begunMs), maxTimeoutMs);
    if (this.#speed > 0 && waitMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(end, waitMs);
        this.#signal.addEventListener("abort", end, { once: true });
        function end(): void {
          clearTimeout(timer);
          resolve();
        }
      });
    }
    if (this.#signal.aborted) {
      throw new NanowireError("canceled", "the replay was given up");
    }
  }
}

/** Among so many pushes the one is looked for that another may have become. */
const mostLookedAt = 32;

/** So many differences are told one by one. */
const mostDifferences = 1_000;
