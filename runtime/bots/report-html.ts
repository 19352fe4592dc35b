import { printable } from "../base/printable.js";
import type { Latency } from "./latency.js";
import { escapeHtml, type Plot, plotSvg } from "./plot.js";
import type { BotsReport, ReportRow, TimelineEntry } from "./report.js";
import { beganLate, frameText, msText, numberText, remarksOf, rowLabel } from "./report-text.js";

/**
 * A run as one page of HTML, in light and dark: with nothing from elsewhere, and without a script. Whatever a server or a scenario has named is escaped.
 */
export function reportHtml(report: BotsReport): string {
  const { scenario, passed, startedAt, thresholds, failures, rows, total } = report;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${text(scenario)} – bots</title>
<style>${style}</style>
</head>
<body>
<main>
<header>
<h1>${text(scenario)}</h1>
<p class="verdict ${passed ? "good" : "bad"}">${passed ? "✓ passed" : "✗ failed"}</p>
<p class="soft">${text(frameText(report))}; ${text(startedAt)}</p>
</header>
<dl class="tiles">${tiles(report)}</dl>
${remarksOf(report)
  .map((remark) => `<p class="remark">${text(remark)}</p>`)
  .join("\n")}
<section class="plots">
${plotsOf(report).map(plotSvg).join("\n")}
</section>
${thresholds.length === 0 ? "" : `<h2>Thresholds</h2>\n${thresholdTable(report)}`}
<h2>What was counted</h2>
<p class="soft">Times in milliseconds, from when a thing was due to its end; “from its begin” where it began late.</p>
${rowTable(rows)}
${failures.length === 0 ? "" : `<h2>Errors</h2>\n${failureTable(report)}`}
<footer class="soft">nanowire bots; ${numberText(total.calls)} calls. Percentiles to within 1 %.</footer>
</main>
</body>
</html>
`;
}

function tiles({ total }: BotsReport): string {
  const { latency } = total;
  const facts: readonly (readonly [string, string])[] = [
    ["calls", numberText(total.calls)],
    ["calls a second", numberText(total.callsPerSecond, 1)],
    ["errors", numberText(total.errors)],
    ["pushes", numberText(total.pushes)],
    ["p50", latency === undefined ? "–" : `${msText(latency.p50)} ms`],
    ["p99", latency === undefined ? "–" : `${msText(latency.p99)} ms`],
  ];
  return facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join("");
}

function plotsOf({ timeline, rows }: BotsReport): Plot[] {
  const plots = [
    overTime(timeline, "Calls and pushes a second", (value) => numberText(value, value < 10 ? 1 : 0), [
      ["calls", ({ callsPerSecond }) => callsPerSecond],
      ["pushes", ({ pushesPerSecond }) => pushesPerSecond],
    ]),
    overTime(timeline, "Latency of requests over time, ms", msText, [
      ["p50", ({ latency }) => latency?.p50],
      ["p90", ({ latency }) => latency?.p90],
      ["p99", ({ latency }) => latency?.p99],
      ["max", ({ latency }) => latency?.max],
    ]),
    overTime(timeline, "Bots at work, and errors", (value) => numberText(value), [
      ["bots", ({ active }) => active],
      ["errors", ({ errors }) => errors],
    ]),
  ];
  const timed = rows.filter(({ kind, distribution }) => plottedKinds.has(kind) && distribution.length > 0).slice(0, 8);
  return timed.length === 0 ? plots : [...plots, byPercentile(timed)];
}

const plottedKinds: ReadonlySet<string> = new Set(["request", "step"]);

function overTime(
  timeline: readonly TimelineEntry[],
  title: string,
  showY: Plot["showY"],
  lines: readonly (readonly [string, (entry: TimelineEntry) => number | undefined])[],
): Plot {
  const endMs = timeline.at(-1)?.toMs ?? 0;
  return {
    title,
    showY,
    lines: lines.map(([label, value]) => ({ label, points: timeline.map((entry) => [entry.toMs, value(entry)]) })),
    ticks: [0, 0.25, 0.5, 0.75, 1].map((share) => [share * endMs, `${numberText((share * endMs) / 1_000, 1)} s`]),
  };
}

/** Each step to the right is a tenth of what is left, as in the plots of HdrHistogram. */
function byPercentile(rows: readonly ReportRow[]): Plot {
  const place = (share: number, most: number): number => -Math.log10(Math.max(1 - share, most));
  return {
    title: "Latency by percentile, ms",
    showY: msText,
    lines: rows.map((row) => {
      // The greatest stands where it is one of as many as there were.
      const most = 1 / (row.latency?.count ?? 1);
      return {
        label: `${row.kind} ${rowLabel(row)}`,
        points: row.distribution.map(([share, ms]) => [place(share, most), ms]),
      };
    }),
    ticks: [
      [0, "0 %"],
      [1, "90 %"],
      [2, "99 %"],
      [3, "99.9 %"],
      [4, "99.99 %"],
    ],
  };
}

function rowTable(rows: readonly ReportRow[]): string {
  const head = ["", "", "count", "/s", "errors", "p50", "p90", "p99", "p99.9", "max"];
  const body = rows.flatMap((row) => {
    const { kind, count, perSecond, errorCount, latency, service } = row;
    const counts = [numberText(count), numberText(perSecond, 1), numberText(errorCount)];
    const first = tableRow([kind, rowLabel(row)], [...counts, ...times(latency)]);
    return beganLate(row)
      ? [first, tableRow(["", "from its begin"], ["", "", "", ...times(service)], "soft")]
      : [first];
  });
  return `<div class="wide"><table><thead><tr>${head.map((cell) => `<th>${cell}</th>`).join("")}</tr></thead><tbody>${body.join("\n")}</tbody></table></div>`;
}

function times(latency: Latency | undefined): string[] {
  if (latency === undefined) {
    return ["", "", "", "", ""];
  }
  const { p50, p90, p99, p99_9, max } = latency;
  return [p50, p90, p99, p99_9, max].map(msText);
}

function thresholdTable({ thresholds }: BotsReport): string {
  const rows = thresholds.map(({ threshold, holds, measured }) =>
    tableRow([holds ? "✓" : "✗", threshold, measured], [], holds ? "good" : "bad"),
  );
  return `<div class="wide"><table><tbody>${rows.join("\n")}</tbody></table></div>`;
}

function failureTable({ failures }: BotsReport): string {
  const rows = failures.map(({ where, code, message, count }) =>
    tableRow([where, code, message], [numberText(count)], "top"),
  );
  return `<div class="wide"><table><tbody>${rows.join("\n")}</tbody></table></div>`;
}

function tableRow(texts: readonly string[], numbers: readonly string[], className = ""): string {
  const cells = [
    ...texts.map((cell) => `<td>${text(cell)}</td>`),
    ...numbers.map((cell) => `<td class="number">${cell}</td>`),
  ];
  return `<tr${className === "" ? "" : ` class="${className}"`}>${cells.join("")}</tr>`;
}

function text(value: string): string {
  return escapeHtml(printable(value));
}

/** Colours that can be told apart by who sees no red or green, too, on both grounds. */
const style = `
:root{--ground:#fff;--ink:#1c2024;--soft:#60646c;--grid:#e0e1e6;--card:#f6f7f9;--good:#1a7f37;--bad:#c62a2f;
--line-0:#0072b2;--line-1:#d55e00;--line-2:#009e73;--line-3:#a8509a;--line-4:#8a6d00;--line-5:#3a8fc4;--line-6:#5b5bd6;--line-7:#6f6f6f}
@media (prefers-color-scheme:dark){:root{--ground:#14171a;--ink:#edeef0;--soft:#a5abb3;--grid:#2e3338;--card:#1c2024;--good:#4cc38a;--bad:#ff8b8b;
--line-0:#56b4e9;--line-1:#ff9a57;--line-2:#3fc99f;--line-3:#e3a2d3;--line-4:#f0e442;--line-5:#8fd0ff;--line-6:#a5a5ff;--line-7:#b5b5b5}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1000px;margin:0 auto;padding:24px 16px}
header{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 16px}
h1{font-size:26px;margin:0}h2{font-size:18px;margin:28px 0 4px}header .soft{flex-basis:100%;margin:0}
.soft{color:var(--soft)}.good,.good td:first-child{color:var(--good)}.bad,.bad td:first-child{color:var(--bad)}.verdict{font-weight:600;margin:0}
.remark{border-left:3px solid var(--bad);background:var(--card);padding:8px 12px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:12px;margin:20px 0}
.tiles div{background:var(--card);border-radius:8px;padding:10px 14px}dt{color:var(--soft);font-size:13px}dd{margin:0;font-size:21px;font-variant-numeric:tabular-nums}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:20px}
figure{margin:0}figcaption{font-weight:600}svg{width:100%;height:auto;display:block}svg text{font-size:12px;fill:var(--soft)}
.grid{stroke:var(--grid);fill:none}.line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.legend{display:flex;flex-wrap:wrap;gap:2px 14px;list-style:none;margin:0;padding:0;font-size:13px;color:var(--soft)}.legend i{display:inline-block;width:12px;height:3px;margin:0 6px 4px 0}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{padding:4px 10px;text-align:left;border-bottom:1px solid var(--grid);vertical-align:top}
th{color:var(--soft);font-weight:500}th:nth-child(n+3){text-align:right}.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
footer{margin-top:28px;font-size:13px}
`;
