/** What a metric is: a count that only grows, a value that goes up and down, or how many values fell into each of several ranges. */
export type MetricKind = "counter" | "gauge" | "histogram";

/** What every metric has. */
export interface MetricDefinition {
  /** `gold_spent_total`: letters, digits and underscores, the unit in the name, and `_total` behind what only grows. */
  readonly name: string;
  /** Which of the three it is. */
  readonly kind: MetricKind;
  /** What it tells, in a sentence. */
  readonly help: string;
  /** The names of its labels. */
  readonly labels: readonly string[];
}

/** The values of a metric's labels, by their names. */
export type LabelValues<Label extends string = string> = Readonly<Record<Label, string>>;

/** One value of a counter or a gauge. */
export interface ValueSeries {
  /** Its labels, each with its value. */
  readonly labels: LabelValues;
  /** What was counted since the server was made, or what the gauge stands at. */
  readonly value: number;
}

/** One series of a histogram. */
export interface HistogramSeries {
  /** Its labels, each with its value. */
  readonly labels: LabelValues;
  /** How many values fell into each range: up to the first bound, up to the second, … beyond the last. They do not count into each other. */
  readonly counts: readonly number[];
  /** All values, added up. */
  readonly sum: number;
}

/** A counter or a gauge, as it stands. */
export interface ValueReading extends MetricDefinition {
  /** Which of the two. */
  readonly kind: "counter" | "gauge";
  /** One for each combination of labels that there was. */
  readonly series: readonly ValueSeries[];
}

/** A histogram, as it stands. */
export interface HistogramReading extends MetricDefinition {
  /** A histogram. */
  readonly kind: "histogram";
  /** The upper bounds of its ranges, each included in its own, in their order. */
  readonly bounds: readonly number[];
  /** One for each combination of labels that there was. */
  readonly series: readonly HistogramSeries[];
}

/** A metric, as it stands. */
export type MetricReading = ValueReading | HistogramReading;
