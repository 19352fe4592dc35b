import { NanowireError } from "../base/error.js";
import type { LabelValues } from "./metric.js";

/** The series of one metric, by the values of its labels. There are no more than it may have. */
export class SeriesTable<Series> {
  readonly #name: string;
  readonly #labels: readonly string[];
  readonly #most: number;
  readonly #create: () => Series;
  readonly #full: () => void;
  readonly #series = new Map<string, { readonly labels: LabelValues; readonly series: Series }>();

  /**
   * @param labels the names of its labels
   * @param most how many series there may be; whatever comes then is counted in one more, whose labels are `other`
   * @param full told when the first is counted there
   */
  constructor(name: string, labels: readonly string[], most: number, create: () => Series, full: () => void) {
    this.#name = name;
    this.#labels = labels;
    this.#most = most;
    this.#create = create;
    this.#full = full;
  }

  /**
   * The series of these labels, which is made if need be.
   *
   * @throws NanowireError `invalid_option` when a label is missing, or is not one of the metric's
   */
  of(labels: LabelValues | undefined): Series {
    const values = this.#valuesOf(labels);
    const key = keyOf(values);
    const known = this.#series.get(key);
    if (known !== undefined) {
      return known.series;
    }
    if (this.#series.size < this.#most) {
      return this.#add(key, values);
    }
    const others = this.#labels.map(() => otherLabel);
    const rest = this.#series.get(keyOf(others));
    if (rest !== undefined) {
      return rest.series;
    }
    this.#full();
    return this.#add(keyOf(others), others);
  }

  /** Forgets the series of these labels, if there is one. */
  remove(labels: LabelValues | undefined): void {
    this.#series.delete(keyOf(this.#valuesOf(labels)));
  }

  /** Each with its labels. */
  all(): Iterable<{ readonly labels: LabelValues; readonly series: Series }> {
    return this.#series.values();
  }

  #add(key: string, values: readonly string[]): Series {
    const labels = Object.fromEntries(this.#labels.map((label, index) => [label, values[index] as string]));
    const series = this.#create();
    this.#series.set(key, { labels, series });
    return series;
  }

  /** Programs in JavaScript, too, are told what is wrong. */
  #valuesOf(labels: LabelValues | undefined): string[] {
    const given = Object(labels) as Readonly<Record<string, unknown>>;
    const values = this.#labels.map((label) => {
      const value = Object.hasOwn(given, label) ? given[label] : undefined;
      if (typeof value !== "string") {
        throw new NanowireError("invalid_option", `${this.#name} is counted by ${label}, which is no text here`);
      }
      return value.length > longestValue ? value.slice(0, longestValue) : value;
    });
    if (Object.keys(given).length > values.length) {
      const stranger = Object.keys(given).find((label) => !this.#labels.includes(label));
      const known = this.#labels.length === 0 ? "it has none" : `there are ${this.#labels.join(", ")}`;
      throw new NanowireError("invalid_option", `${this.#name} has no label ${stranger}: ${known}`);
    }
    return values;
  }
}

/** What stands in the labels of whatever there is no series of its own for. */
export const otherLabel = "other";

/** Characters of a label's value that are kept. */
const longestValue = 128;

function keyOf(values: readonly string[]): string {
  return values.length === 1 ? (values[0] as string) : JSON.stringify(values);
}
