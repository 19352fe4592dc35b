// `nanowire/opentelemetry`: metrics for OpenTelemetry, whatever they are exported to. It needs the packages @opentelemetry/sdk-metrics and @opentelemetry/api.

export { type OpenTelemetryReporter, opentelemetry } from "./opentelemetry.js";
