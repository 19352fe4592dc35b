import { NanowireError } from "../base/error.js";
import { Buckets } from "./buckets.js";
import type { HistogramReading, LabelValues, MetricDefinition, MetricReading, ValueReading } from "./metric.js";
import { SeriesTable } from "./series-table.js";

/** The labels that a metric is counted by: none, or a value for each. */
export type LabelArguments<Label extends string> = [Label] extends [never] ? [] : [labels: LabelValues<Label>];

/** What a metric needs of those that it is one of. */
export interface MetricHost {
  /** Told what was recorded wrongly; of each metric once. */
  complain(error: NanowireError): void;
}

/** What all metrics have in common. What they record never throws: what cannot be recorded is logged, once for each metric. */
abstract class Metric<Series> {
  readonly #host: MetricHost;
  readonly #series: SeriesTable<Series>;
  #complained = false;

  constructor(definition: MetricDefinition, mostSeries: number, host: MetricHost, create: () => Series) {
    const { name, labels } = definition;
    this.#host = host;
    this.#series = new SeriesTable(name, labels, mostSeries, create, () =>
      host.complain(
        new NanowireError(
          "invalid_option",
          `${name} has its maxSeries ${mostSeries}: what comes now is counted as other`,
        ),
      ),
    );
    if (labels.length === 0) {
      // A count of nothing is 0, and not missing.
      this.#series.of(undefined);
    }
  }

  /** Records something in the series of these labels. */
  protected record(labels: LabelValues | undefined, how: (series: Series) => void): void {
    try {
      how(this.#series.of(labels));
    } catch (error) {
      this.complain(error as NanowireError);
    }
  }

  protected complain(error: NanowireError): void {
    if (!this.#complained) {
      this.#complained = true;
      this.#host.complain(error);
    }
  }

  protected readSeries<T>(read: (series: Series) => T): (T & { readonly labels: LabelValues })[] {
    return [...this.#series.all()].map(({ labels, series }) => ({ labels, ...read(series) }));
  }

  protected forget(labels: LabelValues | undefined): void {
    try {
      this.#series.remove(labels);
    } catch (error) {
      this.complain(error as NanowireError);
    }
  }

  /** @internal The metric, as it stands. */
  abstract read(): MetricReading;
}

/** One number. */
interface Value {
  value: number;
}

/**
 * A count that only grows: `gold.add(5, { shop: "north" })`.
 *
 * @typeParam Label the names of its labels
 */
export class Counter<Label extends string = never> extends Metric<Value> {
  readonly #definition: MetricDefinition;

  /** @internal {@link Metrics.counter} makes counters. */
  constructor(definition: MetricDefinition, mostSeries: number, host: MetricHost) {
    super(definition, mostSeries, host, () => ({ value: 0 }));
    this.#definition = definition;
  }

  /**
   * Adds to it. What cannot be added is logged, and nothing is thrown.
   *
   * @param amount 0 or more
   */
  add(amount: number, ...labels: LabelArguments<Label>): void {
    if (!(amount >= 0 && amount < Number.POSITIVE_INFINITY)) {
      const message = `${this.#definition.name} only grows: ${String(amount)} cannot be added to it`;
      this.complain(new NanowireError("invalid_option", message));
      return;
    }
    this.record(labels[0], (series) => {
      series.value += amount;
    });
  }

  /** @internal */
  read(): ValueReading {
    return { ...this.#definition, kind: "counter", series: this.readSeries(({ value }) => ({ value })) };
  }
}

/**
 * A value that goes up and down: `rooms.set(12, { map: "desert" })`.
 *
 * @typeParam Label the names of its labels
 */
export class Gauge<Label extends string = never> extends Metric<Value> {
  readonly #definition: MetricDefinition;
  readonly #ask: (() => number) | undefined;

  /** @internal {@link Metrics.gauge} makes gauges. */
  constructor(definition: MetricDefinition, mostSeries: number, host: MetricHost, ask?: () => number) {
    super(definition, mostSeries, host, () => ({ value: 0 }));
    this.#definition = definition;
    this.#ask = ask;
  }

  /** Sets it. What cannot be set is logged, and nothing is thrown. */
  set(value: number, ...labels: LabelArguments<Label>): void {
    this.#change(value, labels[0], () => value);
  }

  /** Adds to it, or takes away. What cannot be added is logged, and nothing is thrown. */
  add(amount: number, ...labels: LabelArguments<Label>): void {
    this.#change(amount, labels[0], (value) => value + amount);
  }

  /** Forgets the series of these labels: the room is gone. */
  remove(...labels: LabelArguments<Label>): void {
    this.forget(labels[0]);
  }

  #change(given: number, labels: LabelValues | undefined, next: (value: number) => number): void {
    if (!Number.isFinite(given)) {
      const message = `${this.#definition.name} cannot be changed by ${String(given)}, which is no number`;
      this.complain(new NanowireError("invalid_option", message));
      return;
    }
    this.record(labels, (series) => {
      series.value = next(series.value);
    });
  }

  /** @internal */
  read(): ValueReading {
    const series = this.#ask === undefined ? this.readSeries(({ value }) => ({ value })) : this.#asked(this.#ask);
    return { ...this.#definition, kind: "gauge", series };
  }

  /** A function of the program's that fails leaves its gauge out, and no other. */
  #asked(ask: () => number): ValueReading["series"] {
    try {
      const value = ask();
      if (Number.isFinite(value)) {
        return [{ labels: {}, value }];
      }
      this.complain(
        new NanowireError(
          "invalid_option",
          `read of ${this.#definition.name} says ${String(value)}, which is no number`,
        ),
      );
    } catch (cause) {
      this.complain(new NanowireError("invalid_option", `read of ${this.#definition.name} failed`, { cause }));
    }
    return [];
  }
}

/**
 * How many values fell into each of several ranges: `loading.observe(0.25, { map: "desert" })`.
 *
 * @typeParam Label the names of its labels
 */
export class Histogram<Label extends string = never> extends Metric<Buckets> {
  readonly #definition: MetricDefinition;
  readonly #bounds: readonly number[];

  /** @internal {@link Metrics.histogram} makes histograms. */
  constructor(definition: MetricDefinition, mostSeries: number, host: MetricHost, bounds: readonly number[]) {
    super(definition, mostSeries, host, () => new Buckets(bounds));
    this.#definition = definition;
    this.#bounds = bounds;
  }

  /** Counts a value. What cannot be counted is logged, and nothing is thrown. */
  observe(value: number, ...labels: LabelArguments<Label>): void {
    if (!Number.isFinite(value)) {
      const message = `${this.#definition.name} cannot count ${String(value)}, which is no number`;
      this.complain(new NanowireError("invalid_option", message));
      return;
    }
    this.record(labels[0], (buckets) => buckets.observe(value));
  }

  /** @internal */
  read(): HistogramReading {
    const series = this.readSeries(({ counts, sum }) => ({ counts, sum }));
    return { ...this.#definition, kind: "histogram", bounds: this.#bounds, series };
  }
}
