import { context, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-node";

/** A span, as far as tests look at it: it crosses from one process to another. */
export interface SeenSpan {
  readonly id: string;
  readonly parent: string | undefined;
  readonly traceId: string;
  readonly name: string;
  readonly kind: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly failed: boolean;
  /** The texts of the exceptions that were recorded. */
  readonly exceptions: readonly unknown[];
  readonly links: readonly string[];
  /** Nanoseconds; of processes of one machine, so they can be compared. */
  readonly startedAt: number;
}

/** Registers OpenTelemetry's SDK, and keeps every span that has ended. */
export class SpanRecorder {
  readonly #exporter = new InMemorySpanExporter();
  readonly #provider: NodeTracerProvider;

  constructor(sampler?: Sampler) {
    this.#provider = new NodeTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(this.#exporter)],
      ...(sampler === undefined ? {} : { sampler }),
    });
    this.#provider.register();
  }

  async close(): Promise<void> {
    trace.disable();
    context.disable();
    propagation.disable();
    await this.#provider.shutdown();
  }

  /** Those that have ended, in the order of their ends. */
  get spans(): SeenSpan[] {
    return this.#exporter.getFinishedSpans().map(seen);
  }
}

/** A span as it is shown: `SERVER Room.Join`, with the code of what failed behind. */
export function line({ kind, name, failed, attributes }: SeenSpan): string {
  return failed ? `${kind} ${name}: ${String(attributes["error.type"])}` : `${kind} ${name}`;
}

/** The spans as trees, a line each, indented by what it is a child of: whoever began first comes first. */
export function treesOf(spans: readonly SeenSpan[]): string[] {
  const ids = new Set(spans.map(({ id }) => id));
  const sorted = [...spans].sort((left, right) => left.startedAt - right.startedAt);
  const below = (parent: string | undefined, indent: string): string[] =>
    sorted
      .filter((span) => (parent === undefined ? !ids.has(span.parent ?? "") : span.parent === parent))
      .flatMap((span) => [indent + line(span), ...below(span.id, `${indent}  `)]);
  return below(undefined, "");
}

function seen(span: ReadableSpan): SeenSpan {
  const { spanId, traceId } = span.spanContext();
  return {
    id: spanId,
    parent: span.parentSpanContext?.spanId,
    traceId,
    name: span.name,
    kind: SpanKind[span.kind] as string,
    attributes: { ...span.attributes },
    failed: span.status.code === SpanStatusCode.ERROR,
    exceptions: span.events.map(({ attributes }) => attributes?.["exception.message"]),
    links: span.links.map(({ context: { spanId: linked } }) => linked),
    startedAt: span.startTime[0] * 1e9 + span.startTime[1],
  };
}
