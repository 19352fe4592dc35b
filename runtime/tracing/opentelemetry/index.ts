// `nanowire/tracing`: spans for OpenTelemetry, whatever they are exported to. It needs the package @opentelemetry/api.

export type { ClientContextUse } from "./client-contexts.js";
export { type OpenTelemetryTracingOptions, openTelemetryTracing } from "./opentelemetry-tracing.js";
