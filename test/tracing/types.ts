// Never run: the compiler reads it. Each `@ts-expect-error` stands over a line that must not compile.

import { createServer, memory, type Tracing } from "nanowire";
import { opentelemetry } from "nanowire/opentelemetry";
import { openTelemetryTracing } from "nanowire/tracing";

/** What a server takes for tracing. */
export function typesOfTracing(): Tracing[] {
  createServer({ components: [], listen: [memory()], tracing: openTelemetryTracing({ clients: "link" }) });
  // @ts-expect-error a reporter of metrics traces nothing
  createServer({ components: [], listen: [memory()], tracing: opentelemetry() });
  // @ts-expect-error that is no use of a client's context
  openTelemetryTracing({ clients: "trust" });
  // @ts-expect-error no such option
  openTelemetryTracing({ sampler: 0.5 });
  const own: Tracing = {
    name: "own",
    route: () => ({ came: () => undefined }),
    send: () => undefined,
    attempt: () => undefined,
    push() {},
  };
  // @ts-expect-error whom messages come to is observed
  const deaf: Tracing = { name: "deaf", send: () => undefined, attempt: () => undefined, push() {} };
  return [own, deaf];
}
