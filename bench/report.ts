import { type ComparisonFigures, type Measure, median, type SideFigures } from "./comparison.js";

/** A load generator that is this busy may be what holds the messages back. */
const busyShare = 0.95;

/** The table of one comparison: a line for each side, which ends with the ratio. */
export function formatComparison(caseName: string, figures: ComparisonFigures): string {
  const { baseline, subject, measure, ratio, ratios } = figures;
  const range = `${ratioText(Math.min(...ratios))}–${ratioText(Math.max(...ratios))}`;
  const lines = [
    `${caseName}/${figures.name}: ${figures.title}${measure === "cpu" ? "" : `; the ratio is one of${ratioOf[measure]}`}`,
    row(headings),
    row([...cells(baseline), "", ratioText(1)]),
    row([...cells(subject), range, ratioText(ratio)]),
  ];
  lines.push(...[baseline, subject].flatMap(besideOf));
  const [most = 0] = [baseline, subject].map((side) => side.loadCpuShare).sort((a, b) => b - a);
  if (most >= busyShare) {
    lines.push(
      "  the load generator was busy all the time: messages/s and latency are its limit as well as the server's",
    );
  }
  return lines.join("\n");
}

/** The last line of a comparison: its ratio. */
export function formatRatio(caseName: string, { name, baseline, measure, ratio }: ComparisonFigures): string {
  return `ratio ${`${caseName}/${name}`.padEnd(34)} × ${baseline.name.padEnd(14)} ${ratioText(ratio)}${ratioOf[measure]}`;
}

/** What a side measures beside the columns. */
function besideOf({ name, rounds }: SideFigures): string[] {
  const texts = Object.keys(rounds[0]?.beside ?? {}).map(
    (what) => `${what} ${median(rounds.map(({ beside }) => beside?.[what] ?? Number.NaN)).toFixed(2)}`,
  );
  return texts.length === 0 ? [] : [`  ${name}: ${texts.join(", ")}`];
}

function cells(side: SideFigures): string[] {
  const { latencyMs } = side;
  return [
    side.name,
    side.cpuMicrosPerMessage.toFixed(2),
    Math.round(side.messagesPerSecond).toLocaleString("en"),
    latencyMs.p50.toFixed(2),
    latencyMs.p99.toFixed(2),
    latencyMs.p999.toFixed(2),
    percent(side.serverCpuShare),
    percent(side.loadCpuShare),
    side.requestBytes.toFixed(1),
    side.answerBytes.toFixed(1),
  ];
}

function row(cells: readonly string[]): string {
  return `  ${cells.map((cell, index) => (index === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[index] ?? 0))).join(" ")}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

function ratioText(ratio: number): string {
  return ratio.toFixed(2);
}

/** What is said behind a ratio that is not one of CPU. */
const ratioOf: Readonly<Record<Measure, string>> = { cpu: "", rate: " messages/s", p99: " p99" };

const headings = [
  "",
  "CPU µs/msg",
  "messages/s",
  "p50 ms",
  "p99 ms",
  "p99.9 ms",
  "server",
  "load",
  "bytes in",
  "out",
  "range",
  "× raw",
] as const;

const widths = [14, 10, 11, 7, 7, 8, 6, 5, 8, 6, 10, 6] as const;
