import { type HrTime, ValueType } from "@opentelemetry/api";
import { AggregationTemporality, DataPointType, type MetricData } from "@opentelemetry/sdk-metrics";
import type { HistogramSeries, MetricReading } from "../metric.js";

/** From when to when something was counted. */
export interface TimeSpan {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
}

/** A metric, as OpenTelemetry's exporters take it. */
export function metricDataOf(reading: MetricReading, span: TimeSpan): MetricData {
  const { name, help } = reading;
  const base = {
    descriptor: { name, description: help, unit: unitOf(name), valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  if (reading.kind === "histogram") {
    const boundaries = [...reading.bounds];
    const dataPoints = reading.series.map(({ labels, ...series }) => ({
      ...span,
      attributes: { ...labels },
      value: { buckets: { boundaries, counts: [...series.counts] }, sum: series.sum, count: countOf(series) },
    }));
    return { ...base, dataPointType: DataPointType.HISTOGRAM, dataPoints };
  }
  const dataPoints = reading.series.map(({ labels, value }) => ({ ...span, attributes: { ...labels }, value }));
  return reading.kind === "counter"
    ? { ...base, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints }
    : { ...base, dataPointType: DataPointType.GAUGE, dataPoints };
}

function countOf({ counts }: Pick<HistogramSeries, "counts">): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** As UCUM writes it. The name says which it is. */
function unitOf(name: string): string {
  return name.endsWith("_seconds") ? "s" : name.endsWith("_bytes") ? "By" : "";
}
