// A hot file: asked for each message. Where no provider is registered nothing is made.

import {
  type Attributes,
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type Tracer,
  type TracerProvider,
  trace,
} from "@opentelemetry/api";
import { assertOptions } from "../../base/assert-options.js";
import type { CallObserver, CallOrigin, RouteObserver, TraceContext } from "../../base/call-observer.js";
import { NanowireError } from "../../base/error.js";
import type { ReceivedKind, SentMessage, Trace, TracedAttempt, Tracing } from "../tracing.js";
import { ClientContexts, type ClientContextUse } from "./client-contexts.js";
import { ReceivedTrace } from "./received-trace.js";
import { attribute, attributesOf, fail, receivedKind, sentKind, written } from "./spans.js";

/** What {@link openTelemetryTracing} takes. */
export interface OpenTelemetryTracingOptions {
  /**
   * What becomes of the `traceparent` that a client sends in its handshake's `user`: `parent`, the spans of its messages are children of that span, and are sampled as it is where the sampler
   * asks the parent; `link`, each begins a trace of its own, which names it; `ignore`. Where clients are strangers use `link`: else they say what is sampled. Default: `parent`
   */
  readonly clients?: ClientContextUse;
}

/**
 * Traces messages with OpenTelemetry: `createServer({ tracing: openTelemetryTracing() })`. Its spans go to the provider that the program has registered (`new NodeTracerProvider({ … }).register()`),
 * before or after; as long as there is none, nothing is traced. docs/tracing.md lists the spans.
 *
 * @throws NanowireError `invalid_option`
 */
export function openTelemetryTracing(options: OpenTelemetryTracingOptions = {}): Tracing {
  assertOptions("tracing", options, { clients: "checked" });
  const { clients = "parent" } = options;
  if (!uses.includes(clients)) {
    throw new NanowireError("invalid_option", `clients ${String(clients)} of tracing is not one of ${uses.join(", ")}`);
  }
  return new OpenTelemetryTracing(new ClientContexts(clients));
}

const uses: readonly ClientContextUse[] = ["parent", "link", "ignore"];

class OpenTelemetryTracing implements Tracing {
  readonly name = "opentelemetry";
  readonly #clients: ClientContexts;
  #tracer: Tracer | undefined;

  constructor(clients: ClientContexts) {
    this.#clients = clients;
  }

  /** The tracer of the provider that is registered; undefined as long as there is none. */
  get tracer(): Tracer | undefined {
    this.#tracer ??= registeredTracer();
    return this.#tracer;
  }

  route(route: string, kind: ReceivedKind): RouteObserver {
    return new RouteTracing(this, this.#clients, route, kind);
  }

  send({ kind, route, node }: SentMessage): Trace | undefined {
    const { tracer } = this;
    if (tracer === undefined) {
      return undefined;
    }
    const parent = context.active();
    const attributes = node === undefined ? attributesOf(route) : { ...attributesOf(route), [attribute.node]: node };
    return new SpanTrace(tracer.startSpan(route, { kind: sentKind(kind), attributes }, parent), parent);
  }

  attempt({ route, job, attempt, context: kept = {} }: TracedAttempt): Trace | undefined {
    const { tracer } = this;
    if (tracer === undefined) {
      return undefined;
    }
    const parent = propagation.extract(ROOT_CONTEXT, kept);
    const attributes = { ...attributesOf(route), [attribute.job]: job, [attribute.attempt]: attempt };
    return new SpanTrace(tracer.startSpan(route, { kind: SpanKind.CONSUMER, attributes }, parent), parent);
  }

  push(route: string): void {
    const { tracer } = this;
    if (tracer !== undefined) {
      const parent = context.active();
      // A game's clock pushes sixty times a second: what no span asks for makes no trace of its own.
      if (trace.getSpan(parent)?.isRecording() === true) {
        tracer.startSpan(route, { kind: SpanKind.PRODUCER, attributes: attributesOf(route) }, parent).end();
      }
    }
  }
}

/** Traces what comes for one route. */
class RouteTracing implements RouteObserver {
  readonly #tracing: OpenTelemetryTracing;
  readonly #clients: ClientContexts;
  readonly #route: string;
  readonly #kind: ReceivedKind;
  readonly #spanKind: SpanKind;
  readonly #attributes: Attributes;

  constructor(tracing: OpenTelemetryTracing, clients: ClientContexts, route: string, kind: ReceivedKind) {
    this.#tracing = tracing;
    this.#clients = clients;
    this.#route = route;
    this.#kind = kind;
    this.#spanKind = receivedKind(kind);
    this.#attributes = attributesOf(route);
  }

  came(origin: CallOrigin | undefined, forwarded: TraceContext | undefined): CallObserver | undefined {
    const { tracer } = this.#tracing;
    if (tracer === undefined) {
      return undefined;
    }
    const attributes =
      origin === undefined ? this.#attributes : { ...this.#attributes, [attribute.session]: origin.id };
    const client = forwarded === undefined ? this.#clients.of(origin) : undefined;
    const parent = client?.context ?? propagation.extract(ROOT_CONTEXT, forwarded);
    const options = { kind: this.#spanKind, attributes, links: client?.links ?? [] };
    const span = tracer.startSpan(this.#route, options, parent);
    return new ReceivedTrace(tracer, this.#route, this.#kind, span, parent);
  }
}

/** Something that is done, and its one span. */
class SpanTrace implements Trace {
  readonly #span: Span;
  readonly #context: Context;
  readonly context: TraceContext | undefined;

  constructor(span: Span, parent: Context) {
    this.#span = span;
    this.#context = trace.setSpan(parent, span);
    this.context = written(this.#context);
  }

  run<T>(work: () => T): T {
    return context.with(this.#context, work);
  }

  failed(code: string, error: unknown): void {
    fail(this.#span, code, error);
  }

  ended(): void {
    this.#span.end();
  }
}

function registeredTracer(): Tracer | undefined {
  const provider: TracerProvider & { getDelegateTracer?(name: string): Tracer | undefined } = trace.getTracerProvider();
  // What stands in for a provider, as long as there is none, would make a span of each message that records nothing.
  return provider.getDelegateTracer === undefined ? provider.getTracer(scope) : provider.getDelegateTracer(scope);
}

/** What OpenTelemetry calls whoever makes the spans. */
const scope = "nanowire";
