import type { JsonValue } from "@bufbuild/protobuf";
import { printable } from "../base/printable.js";

/** Something that was otherwise than in the capture. */
export interface ReplayDifference {
  /** The capture's line. */
  readonly line: number;
  /** The number of its connection, in the capture. */
  readonly connection: number;
  /** The route of its message; absent where it is of none. */
  readonly route?: string;
  /** The place that differs: `payload.members[1]`, `code`; absent where the whole does. */
  readonly path?: string;
  /** What the capture has there; null where there is nothing. */
  readonly captured?: JsonValue;
  /** What came now; null where there is nothing. */
  readonly replayed?: JsonValue;
  /** What is wrong, where nothing can be compared. */
  readonly problem?: string;
}

/** What came of a replay. */
export interface ReplayReport {
  /** The capture's name. */
  readonly capture: string;
  /** The server's URL, without its query. */
  readonly url: string;
  /** How many connections were made. */
  readonly connections: number;
  /** How many requests and notifies were sent. */
  readonly sent: number;
  /** How many were not, because they were to be skipped. */
  readonly skipped: number;
  /** How many answers are as they were captured, are otherwise, did not come. */
  readonly answers: { readonly same: number; readonly different: number; readonly missing: number };
  /** The same of pushes; absent where they were not compared. */
  readonly pushes?: {
    readonly same: number;
    readonly different: number;
    readonly missing: number;
    readonly unexpected: number;
  };
  /** The first thousand. */
  readonly differences: readonly ReplayDifference[];
  /** How many there are in all. */
  readonly differenceCount: number;
}

/** The report for people, as lines. */
export function showReport(report: ReplayReport): readonly string[] {
  const { connections, sent, skipped, answers, pushes, url, capture, differences, differenceCount } = report;
  const lines = [
    `${capture} → ${url}: connections: ${connections}, messages sent: ${sent}${skipped === 0 ? "" : `, skipped: ${skipped}`}`,
    `answers: ${answers.same} the same, ${answers.different} different, ${answers.missing} missing`,
  ];
  if (pushes !== undefined) {
    const { same, different, missing, unexpected } = pushes;
    lines.push(`pushes: ${same} the same, ${different} different, ${missing} missing, ${unexpected} unexpected`);
  }
  let last: string | undefined;
  for (const { line, connection, route, path, captured, replayed, problem } of differences) {
    const head = `${capture}:${line}: connection ${connection}${route === undefined ? "" : ` ${route}`}`;
    if (problem !== undefined) {
      lines.push(`${head}: ${problem}`);
    } else {
      lines.push(...(head === last ? [] : [head]), `  ${path}  ${shown(captured)} → ${shown(replayed)}`);
    }
    last = head;
  }
  const more = differenceCount - differences.length;
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].map(printable);
}

function shown(value: JsonValue | undefined): string {
  const text = JSON.stringify(value ?? null);
  return text.length <= mostShown ? text : `${text.slice(0, mostShown)}… (${text.length} characters)`;
}

const mostShown = 200;
