import { median } from "../comparison.js";
import type { Setting } from "../side.js";

/** What programs need that do nothing, or nearly: memory, and the time to begin. */
export interface FootprintCase {
  readonly name: string;
  readonly summary: string;
  readonly kind: "footprint";
  readonly comparisons: readonly FootprintComparison[];
}

/** Two programs, each started anew for every round. */
export interface FootprintComparison {
  /** Its name within its case. */
  readonly name: string;
  readonly title: string;
  readonly figures: readonly FigureKind[];
  readonly baseline: FootprintSide;
  readonly subject: FootprintSide;
}

/** Something that is measured. */
export interface FigureKind {
  /** Its name in what {@link FootprintSide.measure} returns. */
  readonly key: string;
  /** The head of its column. */
  readonly heading: string;
  readonly digits: number;
  /** What the ratio of it is called; undefined: there is none, the baseline does no such thing. */
  readonly ratio?: string;
}

/** One of the two programs. */
export interface FootprintSide {
  readonly name: string;
  /** Starts it, measures it, and ends it. */
  measure(setting: Setting): Promise<Figures>;
}

/** Figures by their keys. */
export type Figures = Readonly<Record<string, number>>;

/** What came of a comparison. */
export interface FootprintFigures {
  readonly name: string;
  readonly title: string;
  readonly baseline: FootprintSideFigures;
  readonly subject: FootprintSideFigures;
  /** Subject ÷ baseline, the medians of the pairs of rounds: less is better. */
  readonly ratios: Figures;
}

/** The figures of one side. */
export interface FootprintSideFigures {
  readonly name: string;
  readonly medians: Figures;
  readonly rounds: readonly Figures[];
}

/** Measures both sides in turn. */
export async function runFootprint(comparison: FootprintComparison, setting: Setting): Promise<FootprintFigures> {
  const { name, title, figures } = comparison;
  const pairs: { readonly baseline: Figures; readonly subject: Figures }[] = [];
  for (let round = 0; round < setting.rounds; round++) {
    const baseline = await comparison.baseline.measure(setting);
    pairs.push({ baseline, subject: await comparison.subject.measure(setting) });
  }
  const summary = (side: FootprintSide, rounds: readonly Figures[]): FootprintSideFigures => ({
    name: side.name,
    medians: each(figures, ({ key }) => median(rounds.map((round) => round[key] ?? Number.NaN))),
    rounds,
  });
  return {
    name,
    title,
    baseline: summary(
      comparison.baseline,
      pairs.map((pair) => pair.baseline),
    ),
    subject: summary(
      comparison.subject,
      pairs.map((pair) => pair.subject),
    ),
    ratios: each(
      figures.filter(({ ratio }) => ratio !== undefined),
      ({ key }) => median(pairs.map((pair) => (pair.subject[key] ?? Number.NaN) / (pair.baseline[key] ?? Number.NaN))),
    ),
  };
}

/** The table of one comparison. */
export function formatFootprint(
  caseName: string,
  { figures }: FootprintComparison,
  { name, title, baseline, subject }: FootprintFigures,
): string {
  const row = (cells: readonly string[]): string =>
    `  ${cells.map((cell, index) => (index === 0 ? cell.padEnd(18) : cell.padStart(16))).join(" ")}`;
  const side = ({ name: sideName, medians }: FootprintSideFigures): string =>
    row([sideName, ...figures.map(({ key, digits }) => (medians[key] ?? Number.NaN).toFixed(digits))]);
  return [
    `${caseName}/${name}: ${title}`,
    row(["", ...figures.map(({ heading }) => heading)]),
    side(baseline),
    side(subject),
  ].join("\n");
}

/** The last line: what share of the baseline's the subject needs. */
export function formatFootprintRatios(
  caseName: string,
  { figures }: FootprintComparison,
  { name, baseline, ratios }: FootprintFigures,
): string {
  const texts = figures.flatMap(({ key, ratio }) =>
    ratio === undefined ? [] : [`${ratio} ${(ratios[key] ?? Number.NaN).toFixed(2)}`],
  );
  return `ratio ${`${caseName}/${name}`.padEnd(34)} ÷ ${baseline.name}: ${texts.join(", ")} (less is better)`;
}

function each(figures: readonly FigureKind[], value: (figure: FigureKind) => number): Figures {
  return Object.fromEntries(figures.map((figure) => [figure.key, value(figure)]));
}
