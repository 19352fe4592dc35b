import type { HistogramReading, LabelValues, MetricReading, ValueReading } from "../../../runtime/metrics/metric.js";
import type { Reporter, ReporterHost } from "../../../runtime/metrics/reporter.js";

/** A reporter that tells nobody, and is looked into. */
export class KeptReporter implements Reporter {
  readonly name = "kept";
  readonly calls: string[] = [];
  #host: ReporterHost | undefined;

  get host(): ReporterHost {
    if (this.#host === undefined) {
      throw new Error("the reporter is not started");
    }
    return this.#host;
  }

  start(host: ReporterHost): void {
    this.calls.push("start");
    this.#host = host;
  }

  stop(): void {
    this.calls.push("stop");
  }

  /** A metric, as it stands now. */
  metric(name: string): MetricReading {
    const found = this.host.read().find((reading) => reading.name === name);
    if (found === undefined) {
      throw new Error(`there is no metric ${name}`);
    }
    return found;
  }

  /** The values of a counter or a gauge, by their labels: `{ 'route=Echo.Say code=ok': 2 }`. What is 0 is left out. */
  values(name: string): Record<string, number> {
    const { series } = this.metric(name) as ValueReading;
    return Object.fromEntries(
      series.filter(({ value }) => value !== 0).map(({ labels, value }) => [textOf(labels), value]),
    );
  }

  /** The one value of a counter or a gauge that has no labels. */
  value(name: string): number {
    const { series } = this.metric(name) as ValueReading;
    const [only, ...others] = series;
    if (only === undefined || others.length > 0) {
      throw new Error(`${name} has ${series.length} series, and not one`);
    }
    return only.value;
  }

  /** Of a histogram's series of a route: how many values, and their sum. */
  times(name: string, route: string): { count: number; sum: number } {
    const { series } = this.metric(name) as HistogramReading;
    const found = series.find(({ labels }) => labels["route"] === route);
    if (found === undefined) {
      throw new Error(`${name} has no series of ${route}`);
    }
    return { count: found.counts.reduce((sum, count) => sum + count, 0), sum: found.sum };
  }
}

function textOf(labels: LabelValues): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}
