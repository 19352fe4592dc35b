import type { HrTime } from "@opentelemetry/api";
import type { CollectionResult, MetricData, MetricProducer } from "@opentelemetry/sdk-metrics";
import type { Reporter, ReporterHost } from "../reporter.js";
import { metricDataOf } from "./metric-data.js";

/** What {@link opentelemetry} returns: a reporter for the server, and a producer for the readers of a MeterProvider. */
export interface OpenTelemetryReporter extends Reporter, MetricProducer {
  /** Every metric, as it stands: called by readers. Of a server that is stopped there is none. */
  collect(): Promise<CollectionResult>;
}

/**
 * Tells metrics to OpenTelemetry. Readers take it among their `metricProducers`: `new PeriodicExportingMetricReader({ exporter, metricProducers: [telemetry] })`. Counters, gauges
 * and histograms keep their names; counters and histograms are cumulative.
 */
export function opentelemetry(): OpenTelemetryReporter {
  return new OpenTelemetry();
}

class OpenTelemetry implements OpenTelemetryReporter {
  readonly name = "opentelemetry";
  #host: ReporterHost | undefined;
  #startTime: HrTime = [0, 0];

  start(host: ReporterHost): void {
    this.#host = host;
    this.#startTime = hrTimeOf(host.clock.now());
  }

  stop(): void {
    this.#host = undefined;
  }

  async collect(): Promise<CollectionResult> {
    const errors: unknown[] = [];
    let metrics: MetricData[] = [];
    try {
      const span = { startTime: this.#startTime, endTime: hrTimeOf(this.#host?.clock.now() ?? 0) };
      metrics = (this.#host?.read() ?? []).map((reading) => metricDataOf(reading, span));
    } catch (error) {
      errors.push(error);
    }
    const scopeMetrics = metrics.length === 0 ? [] : [{ scope: { name: "nanowire" }, metrics }];
    return { resourceMetrics: { resource: noResource, scopeMetrics }, errors };
  }
}

/** Readers put that of their MeterProvider in its place. */
const noResource: CollectionResult["resourceMetrics"]["resource"] = {
  attributes: {},
  merge: (other) => other ?? noResource,
  getRawAttributes: () => [],
};

function hrTimeOf(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1_000_000)];
}
