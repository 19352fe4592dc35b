// A hot file: every call of every bot passes it.

import { CodeCounts } from "../base/code-counts.js";
import { Histogram, type HistogramSnapshot } from "./histogram.js";

/** What a row of the report counts. */
export type RowKind = "bot" | "connection" | "request" | "notify" | "push" | "step" | "check";

/** What a row holds, for another process. */
export interface RowSnapshot {
  readonly kind: RowKind;
  readonly name: string;
  readonly count: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly missed: number;
  readonly unfinished: number;
  readonly isOpen: boolean;
  readonly isClosed: boolean;
  readonly latency: HistogramSnapshot;
  readonly service: HistogramSnapshot;
}

/** An error, as it was first seen. */
export interface Failure {
  /** The kind and the name of the row that it was counted in: `request Room.Join`. */
  readonly where: string;
  /** What it is told apart by. */
  readonly code: string;
  /** Its text, 300 characters at the most. */
  readonly message: string;
  /** How often it came. */
  readonly count: number;
}

/** What a tally holds. */
export interface TallySnapshot {
  readonly rows: readonly RowSnapshot[];
  /** Errors, each counted once, however many rows it passed. */
  readonly errors: number;
  readonly failures: readonly Failure[];
}

/** What is counted of a name. */
export class TallyRow {
  readonly kind: RowKind;
  readonly name: string;
  /** What has ended, well or not. */
  count = 0;
  errors = new CodeCounts();
  errorCount = 0;
  /** Turns that were due and never began. */
  missed = 0;
  /** What had not ended when the run did. */
  unfinished = 0;
  /** Whether it was timed at a rate, or in a loop without one. */
  isOpen = false;
  isClosed = false;
  /** Microseconds from when it was due to its end. */
  readonly latency = new Histogram();
  /** Microseconds from its begin to its end. */
  readonly service = new Histogram();

  constructor(kind: RowKind, name: string) {
    this.kind = kind;
    this.name = name;
  }

  /**
   * Something took its time.
   *
   * @param lateMs how late it began
   */
  time(serviceMs: number, lateMs: number): void {
    this.service.record(serviceMs * 1_000);
    this.latency.record((serviceMs + lateMs) * 1_000);
  }

  add(other: RowSnapshot): void {
    this.count += other.count;
    this.missed += other.missed;
    this.unfinished += other.unfinished;
    this.isOpen ||= other.isOpen;
    this.isClosed ||= other.isClosed;
    for (const [code, count] of Object.entries(other.errors)) {
      this.errors.add(code, count);
      this.errorCount += count;
    }
    this.latency.add(other.latency);
    this.service.add(other.service);
  }

  snapshot(): RowSnapshot {
    const { kind, name, count, missed, unfinished, isOpen, isClosed } = this;
    return {
      kind,
      name,
      count,
      missed,
      unfinished,
      isOpen,
      isClosed,
      errors: this.errors.snapshot(),
      latency: this.latency.snapshot(),
      service: this.service.snapshot(),
    };
  }

  clear(): void {
    this.count = 0;
    this.errors = new CodeCounts();
    this.errorCount = 0;
    this.missed = 0;
    this.unfinished = 0;
    this.latency.clear();
    this.service.clear();
  }
}

/** Everything that is counted. Names and messages that are ever new are bounded. */
export class Tally {
  readonly #rows = new Map<RowKind, Map<string, TallyRow>>();
  #failures = new Map<string, { -readonly [K in keyof Failure]: Failure[K] }>();
  /** Those that were counted: an error passes the step that the call is in, too. */
  readonly #seen = new WeakSet<object>();
  #errors = 0;

  /** Errors, each counted once. */
  get errors(): number {
    return this.#errors;
  }

  get rows(): readonly TallyRow[] {
    return this.#all();
  }

  get failures(): readonly Failure[] {
    return [...this.#failures.values()];
  }

  /** The row of a name. Of a kind the first 500 are told apart, and whatever comes then is `(others)`. */
  row(kind: RowKind, name: string): TallyRow {
    let rows = this.#rows.get(kind);
    if (rows === undefined) {
      rows = new Map();
      this.#rows.set(kind, rows);
    }
    let row = rows.get(name);
    if (row === undefined) {
      const named = rows.size < mostRows ? name : "(others)";
      row = rows.get(named) ?? new TallyRow(kind, named);
      rows.set(named, row);
    }
    return row;
  }

  /** Something has failed. */
  fail(row: TallyRow, error: unknown): void {
    const code = codeOf(error);
    row.errors.add(code);
    row.errorCount++;
    if (typeof error === "object" && error !== null) {
      if (this.#seen.has(error)) {
        return;
      }
      this.#seen.add(error);
    }
    this.#errors++;
    this.#note(`${row.kind} ${row.name}`, code, messageOf(error), 1);
  }

  /** What was counted by others. */
  add({ rows, errors, failures }: TallySnapshot): void {
    for (const row of rows) {
      this.row(row.kind, row.name).add(row);
    }
    this.#errors += errors;
    for (const { where, code, message, count } of failures) {
      this.#note(where, code, message, count);
    }
  }

  snapshot(): TallySnapshot {
    return {
      rows: this.#all().map((row) => row.snapshot()),
      errors: this.#errors,
      failures: [...this.#failures.values()].map((failure) => ({ ...failure })),
    };
  }

  /** What was counted since the last time, which is then forgotten. */
  drain(): TallySnapshot {
    const taken = this.snapshot();
    for (const row of this.#all()) {
      row.clear();
    }
    this.#errors = 0;
    this.#failures = new Map();
    return taken;
  }

  #note(where: string, code: string, message: string, count: number): void {
    const key = `${where}\n${code}\n${message}`;
    const known = this.#failures.get(key);
    if (known !== undefined) {
      known.count += count;
    } else if (this.#failures.size < mostFailures) {
      this.#failures.set(key, { where, code, message, count });
    }
  }

  #all(): TallyRow[] {
    return [...this.#rows.values()].flatMap((rows) => [...rows.values()]);
  }
}

const mostRows = 500;
const mostFailures = 50;
const longestMessage = 300;

/** The code of what was thrown: the error's own, `assertion_failed` of node:assert, `scenario_error` of what has none. */
export function codeOf(error: unknown): string {
  const { code } = Object(error) as { readonly code?: unknown };
  return code === "ERR_ASSERTION" ? "assertion_failed" : typeof code === "string" ? code : "scenario_error";
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.length > longestMessage ? `${text.slice(0, longestMessage)}…` : text;
}
