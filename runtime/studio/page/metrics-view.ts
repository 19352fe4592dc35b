import type { MetricEntry } from "../answers.js";
import { make, textField } from "./element.js";
import { countOf } from "./format.js";
import type { Series } from "./series.js";
import type { View } from "./view.js";
import { VirtualTable } from "./virtual-table.js";

/** A series of a metric. */
interface Row {
  readonly name: string;
  readonly help: string;
  readonly kind: string;
  readonly labels: string;
  readonly value: string;
}

/** Every metric, as it stands: the server's, then the program's. */
export class MetricsView implements View {
  readonly name = "metrics";
  readonly title = "Metrics";
  readonly element: HTMLElement;
  readonly #series: Series;
  readonly #table: VirtualTable<Row>;
  readonly #searchField: HTMLInputElement;
  readonly #status = make("span", "status-text");
  #rows: readonly Row[] = [];

  constructor(series: Series) {
    this.#series = series;
    this.#searchField = textField("Search metrics", "Name or label", () => this.tick());
    const rows = (): readonly Row[] => this.#rows;
    this.#table = new VirtualTable<Row>({
      label: "Metrics",
      columns: [
        {
          title: "Name",
          width: "minmax(240px, 1.4fr)",
          cell: ({ name, help }) => titled(make("span", "mono", name), help),
        },
        { title: "Labels", width: "minmax(160px, 1fr)", cell: ({ labels }) => make("span", "mono dim", labels) },
        { title: "Kind", width: "96px", cell: ({ kind }) => make("span", "dim", kind) },
        { title: "Value", width: "minmax(150px, 0.6fr)", numeric: true, cell: ({ value }) => value },
      ],
      source: {
        get count() {
          return rows().length;
        },
        row: (index) => this.#rows[index],
        need() {},
      },
      key: ({ name, labels }) => `${name} ${labels}`,
      empty: {
        title: "Nothing is measured",
        text: "Nothing is called like that; or the studio's option charts is false, and the server has no reporter of metrics.",
      },
    });
    this.element = make(
      "section",
      "view",
      make("div", "tools", this.#searchField, make("span", "spring"), this.#status),
      this.#table.element,
    );
  }

  shown(): void {
    this.tick();
  }

  tick(): void {
    const search = this.#searchField.value.trim().toLowerCase();
    this.#rows = this.#series.metrics
      .flatMap(rowsOf)
      .filter(({ name, labels }) => `${name} ${labels}`.toLowerCase().includes(search));
    this.#status.textContent = `${this.#rows.length} series`;
    this.#table.refresh();
  }

  search(): HTMLElement {
    return this.#searchField;
  }
}

function rowsOf({ name, help, kind, series }: MetricEntry): Row[] {
  return series.map(({ labels, value, counts, sum }) => {
    const count = counts?.reduce((total, one) => total + one, 0);
    const shown = count === undefined ? countOf(value ?? 0) : `${countOf(count)} · ø ${mean(sum ?? 0, count)}`;
    const pairs = Object.entries(labels).map(([label, text]) => `${label}=${text}`);
    return { name, help, kind, labels: pairs.join(" "), value: shown };
  });
}

function mean(sum: number, count: number): string {
  return count === 0 ? "–" : (sum / count).toPrecision(3);
}

function titled(element: HTMLElement, title: string): HTMLElement {
  element.title = title;
  return element;
}
