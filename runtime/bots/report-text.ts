import { printable } from "../base/printable.js";
import type { Latency } from "./latency.js";
import type { BotsReport, ReportRow } from "./report.js";

/** A run as lines for a terminal or a log. Whatever a server or a scenario has named is printable. */
export function reportText(report: BotsReport): string {
  const blocks = [
    headOf(report),
    tableOf(report),
    ...(report.failures.length === 0 ? [] : [failuresOf(report)]),
    ...remarksOf(report).map((remark) => [remark]),
    ...(report.thresholds.length === 0 ? [] : [thresholdsOf(report)]),
  ];
  return `${blocks.map((lines) => lines.map(printable).join("\n")).join("\n\n")}\n`;
}

/** What is to be known of the figures before they are believed. */
export function remarksOf({ ownLateMs, total, endedBy }: BotsReport): string[] {
  const remarks: string[] = [];
  if (endedBy === "signal") {
    remarks.push("The run was ended before its time.");
  }
  if (total.missed > 0) {
    remarks.push(
      `${numberText(total.missed)} turns were due and had not begun when the time was over: nothing tells how long they would have taken, and the highest percentiles may be too low.`,
    );
  }
  if (total.unfinished > 0) {
    remarks.push(`${numberText(total.unfinished)} bots, calls or steps had not ended when the run did.`);
  }
  if (ownLateMs >= worthMentioningMs) {
    remarks.push(
      `The bots' own processes were late by up to ${numberText(ownLateMs)} ms: the times tell of that, too. More processes, another machine or fewer bots help.`,
    );
  }
  return remarks;
}

const worthMentioningMs = 50;

/** `1234567.8` → `1,234,567.8`. */
export function numberText(value: number, digits = 0): string {
  const [whole = "", fraction] = value.toFixed(digits).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** Milliseconds, with as many digits as tell something. */
export function msText(ms: number): string {
  return numberText(ms, ms < 10 ? 2 : ms < 100 ? 1 : 0);
}

/** `8 bots on ws://… for 60.0 s, in 2 processes`. */
export function frameText({ bots, url, elapsedMs, processes }: BotsReport): string {
  const begun = bots.begun === bots.planned ? "" : `${numberText(bots.begun)} of `;
  const where = url === "" ? "" : ` on ${url}`;
  const split = processes === 1 ? "" : `, in ${processes} processes`;
  return `${begun}${countText(bots.planned, "bot")}${where} for ${numberText(elapsedMs / 1_000, 1)} s${split}`;
}

/** What a row is called: of a loop it tells how its turns come. */
export function rowLabel({ name, loop }: ReportRow): string {
  return loop === undefined ? name : `${name} (${loop})`;
}

/** Whether the two latencies of a row are shown as different ones. */
export function beganLate({ latency, service }: ReportRow): boolean {
  return times(latency).join() !== times(service).join();
}

function headOf(report: BotsReport): string[] {
  const { total, scenario } = report;
  const rate = `${numberText(total.callsPerSecond, 1)} /s`;
  return [
    `${scenario}: ${frameText(report)}`,
    `${countText(total.calls, "call")} (${rate}), ${countText(total.errors, "error")}, ${countText(total.pushes, "push", "pushes")}`,
  ];
}

const columns = ["count", "/s", "errors", "p50", "p90", "p99", "p99.9", "max"] as const;

function tableOf({ rows }: BotsReport): string[] {
  const cells = rows.flatMap((row) => {
    const { kind, count, perSecond, errorCount, latency, service } = row;
    const first = [
      kind,
      rowLabel(row),
      numberText(count),
      numberText(perSecond, 1),
      numberText(errorCount),
      ...times(latency),
    ];
    return beganLate(row) ? [first, ["", "  from its begin", "", "", "", ...times(service)]] : [first];
  });
  const all = [["", "times in ms", ...columns], ...cells];
  const widths = ["", "", ...columns].map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  return all.map((row) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

function times(latency: Latency | undefined): string[] {
  if (latency === undefined) {
    return [];
  }
  const { p50, p90, p99, p99_9, max } = latency;
  return [p50, p90, p99, p99_9, max].map(msText);
}

function failuresOf({ failures }: BotsReport): string[] {
  const width = Math.max(...failures.map(({ count }) => numberText(count).length));
  return [
    "errors",
    ...failures.map(
      ({ where, code, message, count }) =>
        `  ${numberText(count).padStart(width)} × ${where}: ${code}${message === "" ? "" : `: ${message}`}`,
    ),
  ];
}

function thresholdsOf({ thresholds }: BotsReport): string[] {
  return thresholds.map(({ threshold, holds, measured }) => `${holds ? "✓" : "✗"} ${threshold} (${measured})`);
}

function countText(count: number, one: string, many = `${one}s`): string {
  return `${numberText(count)} ${count === 1 ? one : many}`;
}
