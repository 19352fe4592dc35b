import type { RouteObserver, TraceContext } from "../base/call-observer.js";

/**
 * Follows messages through the nodes of a cluster, and tells somebody. `openTelemetryTracing()` of `nanowire/tracing` makes one. It is asked for each message: what it answers with undefined is not
 * traced. Nothing of it throws but what it runs.
 */
export interface Tracing {
  /** What it is, for errors: `opentelemetry`. */
  readonly name: string;
  /** Observes what comes for a route. Asked once for each, when the server is made. */
  route(route: string, kind: ReceivedKind): RouteObserver;
  /** A message leaves for another node, or for this one's own remotes. */
  send(message: SentMessage): Trace | undefined;
  /** A job that was taken from the queue is worked on. */
  attempt(attempt: TracedAttempt): Trace | undefined;
  /** A push leaves for clients, one or many. */
  push(route: string): void;
}

/** What comes for a route: clients send requests and notifies, nodes call and tell. A request and a call are answered. */
export type ReceivedKind = "request" | "notify" | "call" | "tell";

/** A message that this node sends. */
export interface SentMessage {
  /** A call is answered, a tell is not, a job is done some day. */
  readonly kind: "call" | "tell" | "job";
  /** Its route. */
  readonly route: string;
  /** The id of the node that gets it; undefined: whichever takes it. */
  readonly node: string | undefined;
}

/** One attempt of a job. */
export interface TracedAttempt {
  /** The route of the method that it calls. */
  readonly route: string;
  /** The job's id. */
  readonly job: string;
  /** The how manieth it is: 1 for the first. */
  readonly attempt: number;
  /** What was kept with the job; undefined: nothing. */
  readonly context: TraceContext | undefined;
}

/** Something that this node does, and that is traced. Nothing of it throws but what it runs. */
export interface Trace {
  /** What goes with the message; undefined: nothing. */
  readonly context: TraceContext | undefined;
  /** Runs what is done: what that begins is known to be of it. */
  run<T>(work: () => T): T;
  /** It failed; told at most once, before it ends. `error` is what was thrown. */
  failed(code: string, error: unknown): void;
  /** It is over: told once. */
  ended(): void;
}
