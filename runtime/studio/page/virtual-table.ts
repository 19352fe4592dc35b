import { emptyState, make } from "./element.js";

/** A column. */
export interface Column<T> {
  readonly title: string;
  /** As CSS says it: `120px`, `minmax(120px, 1fr)`. */
  readonly width: string;
  /** What stands in it; a text, or elements. */
  readonly cell: (row: T) => Node | string;
  /** Whether it holds numbers, which stand at its right. */
  readonly numeric?: boolean;
}

/** Where rows come from. */
export interface RowSource<T> {
  readonly count: number;
  /** Undefined: it is not there yet. */
  row(index: number): T | undefined;
  /** These are about to be shown. */
  need(from: number, to: number): void;
}

/** What a table is made of. */
export interface TableOptions<T> {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly source: RowSource<T>;
  readonly empty: { readonly title: string; readonly text: string };
  /** What tells a row from others. */
  readonly key: (row: T) => string;
  readonly tone?: (row: T) => string;
  readonly opened?: (row: T) => void;
}

/** A table that makes rows only of what is seen, however many there are. Arrows go through it, Enter opens. */
export class VirtualTable<T> {
  readonly element: HTMLElement;
  readonly #options: TableOptions<T>;
  readonly #body = make("div", "rows");
  readonly #scroller: HTMLElement;
  readonly #empty: HTMLElement;
  readonly #shown = new Map<number, HTMLElement>();
  #selected = -1;
  #selectedKey = "";
  #due = false;

  constructor(options: TableOptions<T>) {
    this.#options = options;
    const head = make("div", "row head");
    head.role = "row";
    for (const { title, numeric } of options.columns) {
      const cell = make("div", numeric === true ? "cell numeric" : "cell", title);
      cell.role = "columnheader";
      head.append(cell);
    }
    this.#empty = emptyState(options.empty.title, options.empty.text);
    this.#scroller = make("div", "scroller", head, this.#body, this.#empty);
    this.#scroller.role = "grid";
    this.#scroller.tabIndex = 0;
    this.#scroller.ariaLabel = options.label;
    this.element = make("div", "table", this.#scroller);
    this.element.style.setProperty("--columns", options.columns.map(({ width }) => width).join(" "));
    const least = options.columns.map(({ width }) => Number(/\d+/.exec(width)?.[0]) + columnGap);
    this.element.style.setProperty("--least", `${least.reduce((sum, one) => sum + one, columnGap)}px`);
    this.#scroller.addEventListener("scroll", () => this.refresh());
    this.#scroller.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.refresh()).observe(this.#scroller);
  }

  focus(): void {
    this.#scroller.focus();
  }

  /** How far it was scrolled. */
  get scrolled(): number {
    return this.#scroller.scrollTop;
  }

  /** Rows were put in before the others: what is looked at stays where it is. */
  moved(rows: number): void {
    if (this.#scroller.scrollTop > 0) {
      this.#scroller.scrollTop += rows * rowHeight;
    }
    if (this.#selected >= 0) {
      this.#selected += rows;
    }
  }

  toTop(): void {
    this.#scroller.scrollTop = 0;
    this.#select(-1);
  }

  /** The rows have changed. Drawn once, with the next frame. */
  refresh(): void {
    if (!this.#due) {
      this.#due = true;
      requestAnimationFrame(() => this.#draw());
    }
  }

  #draw(): void {
    this.#due = false;
    const { source, columns, key, tone } = this.#options;
    const count = Math.min(source.count, mostRows);
    const height = this.#scroller.clientHeight;
    const from = Math.max(0, Math.floor(this.#scroller.scrollTop / rowHeight) - spareRows);
    const to = Math.min(count, from + Math.ceil(height / rowHeight) + 2 * spareRows);
    this.#empty.hidden = count > 0;
    this.#body.style.height = `${count * rowHeight}px`;
    this.#scroller.ariaRowCount = String(source.count);
    source.need(from, to);
    for (const [index, element] of this.#shown) {
      if (index < from || index >= to) {
        element.remove();
        this.#shown.delete(index);
      }
    }
    for (let index = from; index < to; index++) {
      const row = source.row(index);
      if (index === this.#selected && row !== undefined && this.#selectedKey === "") {
        this.#selectedKey = key(row);
      }
      const isSelected = row === undefined ? index === this.#selected : key(row) === this.#selectedKey;
      const element = this.#shown.get(index) ?? this.#newRow(index);
      element.className = `row ${row === undefined ? "pending" : (tone?.(row) ?? "")}${isSelected ? " selected" : ""}`;
      element.ariaSelected = String(isSelected);
      for (const [at, { cell }] of columns.entries()) {
        const place = element.children[at] as HTMLElement;
        place.replaceChildren(row === undefined ? "" : cell(row));
      }
    }
  }

  #newRow(index: number): HTMLElement {
    const element = make("div", "row");
    element.role = "row";
    element.ariaRowIndex = String(index + 1);
    element.style.transform = `translateY(${index * rowHeight}px)`;
    for (const { numeric } of this.#options.columns) {
      const cell = make("div", numeric === true ? "cell numeric" : "cell");
      cell.role = "gridcell";
      element.append(cell);
    }
    element.addEventListener("click", () => {
      this.#select(index);
      this.#open();
    });
    this.#shown.set(index, element);
    this.#body.append(element);
    return element;
  }

  #key(event: KeyboardEvent): void {
    const rows = Math.max(1, Math.floor(this.#scroller.clientHeight / rowHeight) - 2);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      j: 1,
      ArrowUp: -1,
      k: -1,
      PageDown: rows,
      PageUp: -rows,
    };
    const step = steps[event.key];
    if (event.target !== this.#scroller || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const last = Math.min(this.#options.source.count, mostRows) - 1;
    if (step !== undefined) {
      this.#select(Math.min(last, Math.max(0, this.#selected + step)));
    } else if (event.key === "Home" || event.key === "End") {
      this.#select(event.key === "Home" ? 0 : last);
    } else if (event.key === "Enter") {
      this.#open();
    } else {
      return;
    }
    event.preventDefault();
  }

  #select(index: number): void {
    this.#selected = index;
    const row = this.#options.source.row(index);
    this.#selectedKey = row === undefined ? "" : this.#options.key(row);
    if (index >= 0) {
      const [top, height] = [index * rowHeight, this.#scroller.clientHeight - rowHeight];
      if (top < this.#scroller.scrollTop) {
        this.#scroller.scrollTop = top;
      } else if (top + rowHeight > this.#scroller.scrollTop + height) {
        this.#scroller.scrollTop = top + rowHeight - height;
      }
    }
    this.refresh();
  }

  #open(): void {
    const row = this.#options.source.row(this.#selected);
    if (row !== undefined) {
      this.#selectedKey = this.#options.key(row);
      this.#options.opened?.(row);
    }
  }
}

/** As style.css has it. */
const rowHeight = 34;

const columnGap = 12;

const spareRows = 6;

/** Browsers end somewhere beyond 15 million pixels: who looks for one of more rows searches. */
const mostRows = 400_000;
