import { Counter, Gauge, Histogram, type Metric } from "prom-client";
import type { HistogramReading, MetricReading } from "../metric.js";

/** Finds a metric as it stands. */
export type Find = (name: string) => MetricReading | undefined;

/** A metric of prom-client's that knows nothing itself: whenever it is asked, ours is read. */
export function mirrorOf(reading: MetricReading, find: Find): Metric {
  const { name, help, labels } = reading;
  const configuration = { name, help, labelNames: labels, registers: [] };
  switch (reading.kind) {
    case "counter":
      return new CounterMirror(configuration, find);
    case "gauge":
      return new GaugeMirror(configuration, find);
    case "histogram":
      return new HistogramMirror({ ...configuration, buckets: [...reading.bounds] }, find);
  }
}

type Values<M extends Metric> = Awaited<ReturnType<M["get"]>>;

class CounterMirror extends Counter {
  readonly #find: Find;
  readonly #name: string;

  constructor(configuration: ConstructorParameters<typeof Counter>[0], find: Find) {
    super(configuration);
    this.#find = find;
    this.#name = configuration.name;
  }

  override async get(): Promise<Values<Counter>> {
    // Before anything is waited for: all of an answer are read in one go.
    const values = valuesOf(this.#find(this.#name));
    return { ...(await super.get()), values };
  }
}

class GaugeMirror extends Gauge {
  readonly #find: Find;
  readonly #name: string;

  constructor(configuration: ConstructorParameters<typeof Gauge>[0], find: Find) {
    super(configuration);
    this.#find = find;
    this.#name = configuration.name;
  }

  override async get(): Promise<Values<Gauge>> {
    // Before anything is waited for: all of an answer are read in one go.
    const values = valuesOf(this.#find(this.#name));
    return { ...(await super.get()), values };
  }
}

class HistogramMirror extends Histogram {
  readonly #find: Find;
  readonly #name: string;
  /** What prom-client tells of a histogram that has counted nothing. */
  readonly #empty: Promise<Values<Histogram>>;

  constructor(configuration: ConstructorParameters<typeof Histogram>[0], find: Find) {
    super(configuration);
    this.#find = find;
    this.#name = configuration.name;
    this.#empty = new Histogram(configuration).get();
  }

  override async get(): Promise<Values<Histogram>> {
    const reading = this.#find(this.#name);
    const values = reading?.kind === "histogram" ? [...bucketValues(reading)] : [];
    return { ...(await this.#empty), values };
  }

  /** A registry asks histograms by this name, which its types do not tell. */
  getForPromString(): Promise<Values<Histogram>> {
    return this.get();
  }
}

function valuesOf(reading: MetricReading | undefined): Values<Gauge>["values"] {
  return reading === undefined || reading.kind === "histogram"
    ? []
    : reading.series.map(({ labels, value }) => ({ labels, value }));
}

/** As Prometheus has them: every bucket counts those below it, too. */
function* bucketValues({ name, bounds, series }: HistogramReading): Generator<Values<Histogram>["values"][number]> {
  for (const { labels, counts, sum } of series) {
    let count = 0;
    for (const [range, inRange] of counts.entries()) {
      count += inRange;
      const le = bounds[range] ?? "+Inf";
      yield { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count };
    }
    yield { metricName: `${name}_sum`, labels, value: sum };
    yield { metricName: `${name}_count`, labels, value: count };
  }
}
