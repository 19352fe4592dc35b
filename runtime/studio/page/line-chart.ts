import { make } from "./element.js";
import { spanOf, timeOf } from "./format.js";
import type { Reading } from "./series.js";

/** A line of a chart. */
export interface Line {
  /** Its key in the readings. */
  readonly key: string;
  readonly name: string;
  /** The number of its colour, as style.css has them. */
  readonly colour: 1 | 2 | 3;
}

/** Values over time, with the values at the mouse. */
export class LineChart {
  readonly element: HTMLElement;
  readonly #lines: readonly Line[];
  readonly #show: (value: number) => string;
  readonly #svg = svg("svg", { class: "plot", preserveAspectRatio: "none" });
  readonly #legend: { readonly line: Line; readonly value: HTMLElement }[];
  readonly #top = make("span", "axis top");
  readonly #time = make("span", "axis time");
  readonly #plot: HTMLElement;
  #readings: readonly Reading[] = [];
  #hover: number | undefined;

  constructor(title: string, lines: readonly Line[], show: (value: number) => string) {
    this.#lines = lines;
    this.#show = show;
    this.#legend = lines.map((line) => ({ line, value: make("b", "mono", "–") }));
    const legend = make(
      "div",
      "legend",
      ...this.#legend.map(({ line, value }) => make("span", `key line-${line.colour}`, line.name, " ", value)),
    );
    this.#plot = make("div", "plot-box", this.#svg as unknown as HTMLElement, this.#top, this.#time);
    this.element = make("figure", "chart card", make("figcaption", "", make("h2", "", title), legend), this.#plot);
    this.#plot.addEventListener("pointermove", (event) => {
      const { left, width } = this.#plot.getBoundingClientRect();
      this.#hover = (event.clientX - left) / width;
      this.#draw();
    });
    this.#plot.addEventListener("pointerleave", () => {
      this.#hover = undefined;
      this.#draw();
    });
  }

  draw(readings: readonly Reading[]): void {
    this.#readings = readings;
    this.#draw();
  }

  #draw(): void {
    const readings = this.#readings;
    const last = readings.at(-1);
    if (last === undefined) {
      return;
    }
    const until = last.atMs;
    const spanMs = Math.min(mostSpanMs, Math.max(leastSpanMs, until - (readings[0]?.atMs ?? until)));
    const x = (atMs: number): number => width - ((until - atMs) / spanMs) * width;
    const all = readings.flatMap(({ atMs, values }) =>
      atMs < until - spanMs ? [] : this.#lines.map(({ key }) => values[key] ?? 0),
    );
    const top = niceTop(Math.max(...all, 0) * headroom);
    const y = (value: number): number => height - 1 - (value / top) * (height - 6);
    this.#svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const shapes: Element[] = [0.5, 1].map((share) =>
      svg("line", { class: "grid", x1: 0, x2: width, y1: y(top * share), y2: y(top * share) }),
    );
    for (const { key, colour } of this.#lines) {
      const points = readings.flatMap(({ atMs, values }) => {
        const value = values[key];
        return value === undefined ? [] : [`${x(atMs).toFixed(1)},${y(value).toFixed(1)}`];
      });
      if (points.length > 0) {
        const [first = "0,0", end = "0,0"] = [points[0], points.at(-1)];
        if (colour === 1) {
          const area = `M${first.split(",")[0]},${height} L${points.join(" L")} L${end.split(",")[0]},${height} Z`;
          shapes.push(svg("path", { class: `area line-${colour}`, d: area }));
        }
        shapes.push(svg("path", { class: `stroke line-${colour}`, d: `M${points.join(" L")}` }));
      }
    }
    const at = this.#hover === undefined ? last : nearest(readings, until - (1 - this.#hover) * spanMs);
    if (this.#hover !== undefined) {
      shapes.push(svg("line", { class: "cursor", x1: x(at.atMs), x2: x(at.atMs), y1: 0, y2: height }));
    }
    this.#svg.replaceChildren(...shapes);
    for (const { line, value } of this.#legend) {
      const shown = at.values[line.key];
      value.textContent = shown === undefined ? "–" : this.#show(shown);
    }
    this.#top.textContent = this.#show(top);
    this.#time.textContent = this.#hover === undefined ? `last ${spanOf(spanMs)}` : timeOf(at.atMs).slice(0, 8);
  }
}

function nearest(readings: readonly Reading[], atMs: number): Reading {
  return readings.reduce((best, one) => (Math.abs(one.atMs - atMs) < Math.abs(best.atMs - atMs) ? one : best));
}

/** 1, 2 or 5 and noughts: the next one. */
function niceTop(value: number): number {
  if (value <= 0) {
    return 1;
  }
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5].find((step) => step * power >= value) ?? 10);
}

function svg(tag: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, String(value));
  }
  return element;
}

const width = 600;
const height = 120;
/** A line is never at the very top. */
const headroom = 1.05;

const leastSpanMs = 30_000;
const mostSpanMs = 300_000;
