import { assertFunction, assertOptions } from "../base/assert-options.js";
import { NanowireError } from "../base/error.js";
import { consoleLogger, type Logger } from "../base/logger.js";
import { defaultBounds } from "./buckets.js";
import { Counter, Gauge, Histogram, type MetricHost } from "./instruments.js";
import type { MetricDefinition, MetricKind, MetricReading } from "./metric.js";

/**
 * What a metric is declared by.
 *
 * @typeParam Label the names of its labels
 */
export interface MetricOptions<Label extends string = never> {
  /**
   * What it is called everywhere: `gold_spent_total`. Letters, digits and underscores, 1 to 128, no digit first; the unit in the name, and `_total` behind what only grows. Names
   * that begin with `nanowire_` are the server's.
   */
  readonly name: string;
  /** What it tells, in a sentence. */
  readonly help: string;
  /** The names of its labels, which are written as its name is; `le` and `quantile` are taken. Default: none */
  readonly labels?: readonly Label[];
  /**
   * How many combinations of labels are told apart; whatever comes then is counted in one more, in which every label is `other`. It is logged once. 1 to 100,000.
   * Default: 1,000
   */
  readonly maxSeries?: number;
}

/**
 * What a gauge is declared by.
 *
 * @typeParam Label the names of its labels
 */
export interface GaugeOptions<Label extends string = never> extends MetricOptions<Label> {
  /** Tells what it stands at, whenever it is read; it has no labels then, and is not set. One that throws leaves the gauge out, and is logged once. Default: it is set */
  readonly read?: () => number;
}

/**
 * What a histogram is declared by.
 *
 * @typeParam Label the names of its labels
 */
export interface HistogramOptions<Label extends string = never> extends MetricOptions<Label> {
  /** The upper bounds of its ranges, ascending, 1 to 64 of them. Default: for seconds, from 0.0001 to 10 */
  readonly bounds?: readonly number[];
}

/**
 * A program's own metrics: `server.metrics`, or one of the program's own that it hands to the server, `metrics: { own: metrics, … }`. They go to the same reporters as the
 * server's.
 *
 * A metric that is declared again in the same way is the same metric. To declare is what throws; to record never does.
 */
export class Metrics {
  /** Where instruments say that something was recorded wrongly. */
  readonly #host: MetricHost;
  readonly #declared = new Map<string, Declared>();

  /** @param logger told what is recorded wrongly. Default: the console */
  constructor(logger: Logger = consoleLogger()) {
    this.#host = { complain: (error) => logger.error({ error }, "a metric could not be recorded") };
  }

  /**
   * Declares a count that only grows.
   *
   * @throws NanowireError `invalid_option` for a name or a label that cannot be one, and where another metric has that name
   */
  counter<const Label extends string = never>(options: MetricOptions<Label>): Counter<Label> {
    assertOptions("counter", options, metricKinds);
    return this.#declare(
      "counter",
      options,
      [],
      (definition, most) => new Counter<Label>(definition, most, this.#host),
    );
  }

  /**
   * Declares a value that goes up and down.
   *
   * @throws NanowireError as {@link counter} does
   */
  gauge<const Label extends string = never>(options: GaugeOptions<Label>): Gauge<Label> {
    assertOptions("gauge", options, { ...metricKinds, read: "checked" });
    const { read, labels = [] } = options;
    if (read !== undefined) {
      assertFunction(`read of ${options.name}`, read);
      if (labels.length > 0) {
        throw new NanowireError("invalid_option", `${options.name} has labels, and read tells one value`);
      }
    }
    return this.#declare(
      "gauge",
      options,
      [],
      (definition, most) => new Gauge<Label>(definition, most, this.#host, read),
    );
  }

  /**
   * Declares something of which it is counted how many values fell into each of several ranges.
   *
   * @throws NanowireError as {@link counter} does
   */
  histogram<const Label extends string = never>(options: HistogramOptions<Label>): Histogram<Label> {
    assertOptions("histogram", options, { ...metricKinds, bounds: "array" });
    const bounds = [...(options.bounds ?? defaultBounds)];
    assertBounds(options.name, bounds);
    return this.#declare(
      "histogram",
      options,
      bounds,
      (definition, most) => new Histogram<Label>(definition, most, this.#host, bounds),
    );
  }

  /** Every metric that was declared, as it stands, in the order of their declarations. */
  read(): MetricReading[] {
    return [...this.#declared.values()].map(({ metric }) => metric.read());
  }

  #declare<M extends { read(): MetricReading }>(
    kind: MetricKind,
    { name, help, labels = [], maxSeries = 1_000 }: MetricOptions<string>,
    bounds: readonly number[],
    create: (definition: MetricDefinition, mostSeries: number) => M,
  ): M {
    assertNames(name, help, labels);
    if (!Number.isInteger(maxSeries) || maxSeries < 1 || maxSeries > 100_000) {
      const message = `maxSeries ${String(maxSeries)} of ${name} is not an integer from 1 to 100000`;
      throw new NanowireError("invalid_option", message);
    }
    const definition = { name, kind, help, labels: [...labels] };
    const likeness = JSON.stringify([definition, bounds, maxSeries]);
    const known = this.#declared.get(name);
    if (known?.likeness === likeness) {
      // Of that kind: the likeness says so.
      return known.metric as M;
    }
    const other = known === undefined ? this.#clashing(name, kind) : name;
    if (other !== undefined) {
      const clash =
        other === name
          ? `${name} is declared already, in another way`
          : `${name} and ${other} would be one name to Prometheus`;
      throw new NanowireError("invalid_option", `two metrics of one name: ${clash}`);
    }
    const metric = create(definition, maxSeries);
    this.#declared.set(name, { likeness, kind, metric });
    return metric;
  }

  /** A histogram has its name for others, too, in what Prometheus reads. */
  #clashing(name: string, kind: MetricKind): string | undefined {
    const [, whole = ""] = /^(.*)_(?:bucket|count|sum)$/.exec(name) ?? [];
    if (this.#declared.get(whole)?.kind === "histogram") {
      return whole;
    }
    return kind === "histogram"
      ? histogramParts.map((part) => `${name}_${part}`).find((part) => this.#declared.has(part))
      : undefined;
  }
}

interface Declared {
  /** What it was declared by, to be compared. */
  readonly likeness: string;
  readonly kind: MetricKind;
  readonly metric: { read(): MetricReading };
}

const histogramParts = ["bucket", "count", "sum"];

const metricKinds = { name: "checked", help: "checked", labels: "array", maxSeries: "checked" } as const;

/** What metrics and labels may be called, so that every reporter can tell them as they are. */
const aName = /^[a-zA-Z_][a-zA-Z0-9_]{0,127}$/;

/** What Prometheus calls its own by. */
const takenLabels: ReadonlySet<string> = new Set(["le", "quantile"]);

function assertNames(name: string, help: string, labels: readonly string[]): void {
  if (typeof name !== "string" || !aName.test(name)) {
    const rule = "letters, digits and underscores, 1 to 128, no digit first";
    throw new NanowireError("invalid_option", `a metric cannot be called ${String(name)}: ${rule}`);
  }
  if (name.startsWith("nanowire_")) {
    throw new NanowireError(
      "invalid_option",
      `a metric cannot be called ${name}: nanowire_ is before the server's own`,
    );
  }
  if (typeof help !== "string" || help === "") {
    throw new NanowireError("invalid_option", `${name} has no help: a sentence that tells what it is`);
  }
  for (const [index, label] of labels.entries()) {
    if (typeof label !== "string" || !aName.test(label) || label.startsWith("__") || takenLabels.has(label)) {
      throw new NanowireError("invalid_option", `a label of ${name} cannot be called ${String(label)}`);
    }
    if (labels.indexOf(label) !== index) {
      throw new NanowireError("invalid_option", `${name} has the label ${label} twice`);
    }
  }
}

function assertBounds(name: string, bounds: readonly number[]): void {
  const ascend = bounds.every(
    (bound, index) => Number.isFinite(bound) && (index === 0 || bound > (bounds[index - 1] as number)),
  );
  if (bounds.length < 1 || bounds.length > 64 || !ascend) {
    throw new NanowireError(
      "invalid_option",
      `bounds of ${name} are not 1 to 64 numbers, each greater than the one before`,
    );
  }
}
