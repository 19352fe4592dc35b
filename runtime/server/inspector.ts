import { assertMethods } from "../base/assert-options.js";
import type { Awaitable } from "../base/awaitable.js";
import type { Clock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import type { NodeInfo } from "../cluster/node-info.js";
import type { MetricReading } from "../metrics/metric.js";
import type { MessageId } from "../protocol/message.js";
import type { Belonging, Session } from "../session/session.js";
import type { SessionEvents } from "../session/session-registry.js";
import type { ListenAddress } from "../transport/transport.js";
import type { ServerCounters } from "./counters.js";
import type { DrainOptions } from "./drain.js";
import type { ServerHealth } from "./health.js";

/**
 * Looks into a server while it runs: who is there, what they say to each other, what it measures. `nanowire/studio` is one. It is given to
 * `createServer({ inspectors: [ … ] })`, begins before everything else of the server, and ends after it.
 */
export interface Inspector {
  /** What it is, for logs: `studio`. */
  readonly name: string;
  /** Whether the server is to measure itself for it, as it does for a reporter of metrics. Default: false */
  readonly measures?: boolean;
  /** The server starts. What it throws stops the start. */
  start(host: InspectorHost): Awaitable<void>;
  /** The server has stopped. Called, too, where its own start has failed. */
  stop(): Awaitable<void>;
}

/** What an {@link Inspector} may look at, and do. */
export interface InspectorHost {
  /** Where it says what fails. */
  readonly logger: Logger;
  /** Time. */
  readonly clock: Clock;
  /** What befalls sessions, those of other gates that are here included. */
  readonly sessionEvents: SessionEvents;
  /** Where the server is in its life, and how many are there. */
  health(): ServerHealth;
  /** What was counted since the server was made: a copy. */
  counters(): ServerCounters;
  /** Every metric, as it stands; none where nothing is measured. */
  read(): readonly MetricReading[];
  /** Where clients connect. */
  addresses(): readonly ListenAddress[];
  /** The hash of the dictionary of routes. */
  dictVersion(): string;
  /** The routes that the server knows: those that it handles or forwards, then those that are neither, which are mostly pushes. */
  routes(): readonly InspectedRoute[];
  /** The nodes of the cluster, this one first; none where there is no cluster. */
  nodes(): readonly NodeInfo[];
  /** The open sessions, oldest first: as they are while one goes through them. */
  sessions(): Iterable<Session>;
  /** How many sessions there are. */
  sessionCount(): number;
  /** The open session with that id. */
  session(id: string): Session | undefined;
  /** The groups that a session is in. A group is the same object as long as it lives. */
  groupsOf(session: Session): Iterable<Belonging>;
  /** What a session's payloads are written in: `protobuf`. */
  serializerOf(session: Session): string;
  /** Has every message looked at, from now on. Returns what ends it. While nobody watches, no message costs anything for it. */
  watch(watcher: MessageWatcher): () => void;
  /** Lets the clients go, as `server.drain` does. */
  drain(options?: DrainOptions): Promise<void>;
}

/** A route of a server. */
export interface InspectedRoute {
  /** `Room.Join`. */
  readonly route: string;
  /** Its code in the dictionary; 0: it has none. */
  readonly code: number;
  /** What clients send there; undefined: nothing, or nothing that this server takes. */
  readonly kind: "request" | "notify" | undefined;
  /** Whether other nodes handle it. */
  readonly forwarded: boolean;
}

/**
 * What a message is to the server. `failure`: a message that failed and that is not answered, for it was a notify, or its client understands no errors: nothing was
 * sent.
 */
export type SeenKind = "request" | "notify" | "response" | "push" | "failure";

/** A message that came or went. It is good for the time of the call; what is to be kept is copied. */
export interface SeenMessage {
  /** When, in milliseconds since 1970. */
  readonly atMs: number;
  /** `in`: from a client. */
  readonly direction: "in" | "out";
  /** What it is. */
  readonly kind: SeenKind;
  /** Whose it is. */
  readonly session: Session;
  /** Its route; of one that the server does not know, whatever the client has written there, or nothing. */
  readonly route: string;
  /** Of a request and its answer; 0 for others. */
  readonly id: MessageId;
  /** Why it failed: an error's code. `dropped`: a push for which there was no room. Else empty. */
  readonly code: string;
  /** How long the payload is. */
  readonly bytes: number;
  /** Of an answer, and of a failed request: milliseconds since the request came, if that was seen. */
  readonly durationMs: number | undefined;
  /** What the payload is written in. */
  readonly serializer: string;
  /** Whether the payload is a zlib stream. */
  readonly compressed: boolean;
  /** Whether nobody may be shown the payload: its type has fields that are marked `debug_redact`, or the type is not known. */
  readonly secret: boolean;
  /** The payload: a copy, which is the caller's. Of no bytes where there is none. */
  payload(): Uint8Array;
}

/** Looks at messages. It is called in the middle of their handling: it takes what it needs, and returns. */
export interface MessageWatcher {
  /** Whether it wants to see such a message at all: asked before anything is made for it. */
  wants(session: Session, route: string, kind: SeenKind): boolean;
  /** A message that it wanted. What it throws is logged. */
  saw(message: SeenMessage): void;
}

/** @throws NanowireError `invalid_option` */
export function assertInspectors(inspectors: readonly Inspector[]): void {
  for (const [index, inspector] of inspectors.entries()) {
    assertMethods(`inspectors[${index}]`, inspector, ["start", "stop"]);
    if (inspectors.indexOf(inspector) !== index) {
      throw new NanowireError("invalid_option", `inspectors[${index}] is there twice`);
    }
  }
}
