import { type Attributes, type Context, propagation, type Span, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import type { TraceContext } from "../../base/call-observer.js";
import { NanowireError } from "../../base/error.js";
import type { ReceivedKind, SentMessage } from "../tracing.js";

/** The names of attributes: OpenTelemetry's semantic conventions for RPC, and what they have no name for. */
export const attribute = {
  system: "rpc.system.name",
  method: "rpc.method",
  statusCode: "rpc.response.status_code",
  errorType: "error.type",
  session: "session.id",
  node: "nanowire.node",
  job: "nanowire.job.id",
  attempt: "nanowire.job.attempt",
} as const;

/** What every span of a message says. */
export function attributesOf(route: string): Attributes {
  return { [attribute.system]: "nanowire", [attribute.method]: route };
}

/** The kind of the span of something that came: who is answered asks a server. */
export function receivedKind(kind: ReceivedKind): SpanKind {
  return kind === "request" || kind === "call" ? SpanKind.SERVER : SpanKind.CONSUMER;
}

/** The kind of the span of something that is sent. */
export function sentKind(kind: ReceivedKind | SentMessage["kind"]): SpanKind {
  return kind === "request" || kind === "call" ? SpanKind.CLIENT : SpanKind.PRODUCER;
}

/** What goes along with a message: what the program's propagator writes; undefined: nothing. */
export function written(context: Context): TraceContext | undefined {
  const carrier: Record<string, string> = {};
  propagation.inject(context, carrier);
  for (const _ in carrier) {
    return carrier;
  }
  return undefined;
}

/** It failed with that code. What was thrown is recorded where nobody has raised it on purpose: its text is the program's own, and no client's. */
export function fail(span: Span, code: string, error?: unknown): void {
  if (span.isRecording()) {
    span.setAttributes({ [attribute.errorType]: code, [attribute.statusCode]: code });
    span.setStatus({ code: SpanStatusCode.ERROR });
    if (error !== undefined && !(error instanceof NanowireError)) {
      span.recordException(error instanceof Error ? error : `${typeof error} was thrown, and no Error`);
    }
  }
}
