/** A line of a plot. */
export interface PlotLine {
  readonly label: string;
  /** From left to right; `y` undefined is a gap. */
  readonly points: readonly (readonly [x: number, y: number | undefined])[];
}

/** What {@link plotSvg} draws. */
export interface Plot {
  /** What it shows, for who cannot see it, too. */
  readonly title: string;
  /** The first eight have colours of their own. */
  readonly lines: readonly PlotLine[];
  /** What stands at the left: from the value to its text. */
  readonly showY: (value: number) => string;
  /** What stands below: places and texts. Default: none. */
  readonly ticks: readonly (readonly [x: number, text: string])[];
}

const width = 480;
const height = 200;
const left = 56;
const right = 22;
const top = 12;
const bottom = 28;

/** Draws lines over a grid, as SVG that takes its colours from the page: `--line-0` to `--line-7`, `--grid`, `--soft`. */
export function plotSvg({ title, lines, showY, ticks }: Plot): string {
  const xs = lines.flatMap(({ points }) => points.map(([x]) => x));
  const ys = lines.flatMap(({ points }) => points.map(([, y]) => y).filter((y) => y !== undefined));
  const [least, most] = [Math.min(0, ...xs), Math.max(...xs)];
  const greatest = roundUp(Math.max(0, ...ys));
  const placeX = (x: number): number => left + ((x - least) / (most - least || 1)) * (width - left - right);
  const placeY = (y: number): number => height - bottom - (y / greatest) * (height - top - bottom);
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const y = placeY(share * greatest).toFixed(1);
    const text = escapeHtml(showY(share * greatest));
    return `<path class="grid" d="M${left} ${y}H${width - right}"/><text x="${left - 8}" y="${y}" dy="4" text-anchor="end">${text}</text>`;
  });
  const below = ticks
    .filter(([x]) => x <= most)
    .map(
      ([x, text]) =>
        `<text x="${placeX(x).toFixed(1)}" y="${height - 8}" text-anchor="middle">${escapeHtml(text)}</text>`,
    );
  const drawn = lines.map(
    ({ points }, index) =>
      `<path class="line" stroke="var(--line-${index % 8})" d="${pathOf(points, placeX, placeY)}"/>`,
  );
  const legend = lines.map(
    ({ label }, index) => `<li><i style="background:var(--line-${index % 8})"></i>${escapeHtml(label)}</li>`,
  );
  return `<figure><figcaption>${escapeHtml(title)}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}">${grid.join("")}${below.join("")}${drawn.join("")}</svg>
<ul class="legend">${legend.join("")}</ul></figure>`;
}

/** A text as HTML shows it, whoever wrote it. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A lone point is drawn, too. */
function pathOf(points: PlotLine["points"], placeX: (x: number) => number, placeY: (y: number) => number): string {
  let isDown = false;
  return points
    .map(([x, y]) => {
      if (y === undefined) {
        isDown = false;
        return "";
      }
      const command = isDown ? "L" : "M";
      const place = `${placeX(x).toFixed(1)} ${placeY(y).toFixed(1)}`;
      const dot = isDown ? "" : `l0.01 0`;
      isDown = true;
      return `${command}${place}${dot}`;
    })
    .join("");
}

/** The next of 1, 2, 2.5, 5 and their tenfolds: a grid of four has round numbers then. */
function roundUp(value: number): number {
  if (value <= 0) {
    return 1;
  }
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= value) ?? 10) * power;
}
