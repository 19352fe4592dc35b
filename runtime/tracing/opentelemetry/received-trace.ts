// A hot file, where a provider is registered: what each message that comes is traced by.

import { type Context, context, type Span, SpanKind, type Tracer, trace } from "@opentelemetry/api";
import { isPromise } from "../../base/awaitable.js";
import type { CallObserver, CallTrace, TraceContext } from "../../base/call-observer.js";
import { codeOf } from "../../base/error.js";
import type { ReceivedKind } from "../tracing.js";
import { attribute, attributesOf, fail, sentKind, written } from "./spans.js";

/** The span of a message that came, and those of what is done about it. */
export class ReceivedTrace implements CallObserver, CallTrace {
  readonly #tracer: Tracer;
  readonly #route: string;
  readonly #kind: ReceivedKind;
  readonly #span: Span;
  readonly #context: Context;
  /** Of its way to another node and back. */
  #forward: Span | undefined;

  /** @param parent what the span was begun in */
  constructor(tracer: Tracer, route: string, kind: ReceivedKind, span: Span, parent: Context) {
    this.#tracer = tracer;
    this.#route = route;
    this.#kind = kind;
    this.#span = span;
    this.#context = trace.setSpan(parent, span);
  }

  get trace(): CallTrace {
    return this;
  }

  began(): void {}

  run<T>(work: () => T): T {
    return context.with(this.#context, work);
  }

  handle<T>(handler: () => T): T {
    if (!this.#span.isRecording()) {
      return handler();
    }
    const span = this.#tracer.startSpan(`${this.#route} handler`, { kind: SpanKind.INTERNAL }, this.#context);
    try {
      const result = context.with(trace.setSpan(this.#context, span), handler);
      if (isPromise(result)) {
        result.then(
          () => span.end(),
          (error: unknown) => endFailed(span, error),
        );
      } else {
        span.end();
      }
      return result;
    } catch (error) {
      endFailed(span, error);
      throw error;
    }
  }

  forward(node: string): TraceContext | undefined {
    const attributes = { ...attributesOf(this.#route), [attribute.node]: node };
    this.#forward = this.#tracer.startSpan(this.#route, { kind: sentKind(this.#kind), attributes }, this.#context);
    return written(trace.setSpan(this.#context, this.#forward));
  }

  failed(code: string, error: unknown): void {
    fail(this.#span, code, error);
    if (this.#forward !== undefined) {
      fail(this.#forward, code);
    }
  }

  ended(): void {
    this.#forward?.end();
    this.#span.end();
  }
}

/** What was thrown is recorded with the message's span, once. */
function endFailed(span: Span, error: unknown): void {
  fail(span, codeOf(error));
  span.end();
}
