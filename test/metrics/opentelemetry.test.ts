import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { expect, it, onTestFinished } from "vitest";
import { defaultBounds } from "../../runtime/metrics/buckets.js";
import { opentelemetry } from "../../runtime/metrics/opentelemetry/index.js";
import { serverMetrics } from "../../runtime/metrics/server-readings.js";
import { startServer } from "../support/server.js";

it("OpenTelemetry's SDK exports every metric, with its kind, unit, attributes and buckets", async () => {
  const telemetry = opentelemetry();
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({
    exporter,
    metricProducers: [telemetry],
    exportIntervalMillis: 3_600_000,
  });
  const provider = new MeterProvider({ readers: [reader] });
  onTestFinished(() => provider.shutdown());
  provider.getMeter("other").createCounter("other_total").add(1);
  const exported = async () => {
    exporter.reset();
    await provider.forceFlush();
    const [{ scopeMetrics = [] } = {}] = exporter.getMetrics();
    return new Map(scopeMetrics.map(({ scope, metrics }) => [scope.name, metrics]));
  };
  expect((await exported()).has("nanowire")).toBe(false);

  const { server, enter, clock } = await startServer({ metrics: { reporters: [telemetry] } });
  const started = clock.now();
  server.metrics.counter({ name: "gold_total", help: "Gold.", labels: ["shop"] }).add(5, { shop: "north" });
  const client = await enter();
  await client.call(1, "Echo.Say");
  clock.step(1_500);
  const scopes = await exported();
  expect(scopes.get("other")).toHaveLength(1);
  const metrics = new Map((scopes.get("nanowire") as MetricData[]).map((metric) => [metric.descriptor.name, metric]));
  expect([...metrics.keys()].toSorted()).toEqual(
    [...Object.values(serverMetrics).map(({ name }) => name), "gold_total"].toSorted(),
  );
  const span = { startTime: [started / 1_000, 0], endTime: [started / 1_000 + 1, 500_000_000] };
  expect(metrics.get("gold_total")).toMatchObject({
    descriptor: { description: "Gold.", unit: "" },
    dataPointType: DataPointType.SUM,
    isMonotonic: true,
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPoints: [{ ...span, attributes: { shop: "north" }, value: 5 }],
  });
  expect(metrics.get("nanowire_sessions")).toMatchObject({
    dataPointType: DataPointType.GAUGE,
    dataPoints: [{ attributes: {}, value: 1 }],
  });
  expect(metrics.get("nanowire_heap_used_bytes")?.descriptor.unit).toBe("By");
  const durations = metrics.get("nanowire_request_duration_seconds");
  expect(durations?.descriptor.unit).toBe("s");
  expect(durations).toMatchObject({
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints: [
      {
        attributes: { route: "Echo.Say" },
        value: {
          buckets: { boundaries: [...defaultBounds], counts: [1, ...defaultBounds.map(() => 0)] },
          count: 1,
          sum: 0,
        },
      },
    ],
  });
  await server.stop();
  expect((await exported()).has("nanowire")).toBe(false);
});
