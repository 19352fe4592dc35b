import type { CrewDelta } from "./crew.js";
import { Histogram } from "./histogram.js";
import { latencyOf } from "./latency.js";
import type { BotsProgress } from "./progress.js";
import { type Failure, Tally, type TallyRow } from "./tally.js";
import { Timeline } from "./timeline.js";

/** What all crews have told, added up. */
export class Results {
  readonly timeline = new Timeline();
  /** Microseconds of all requests. */
  readonly latency = new Histogram();
  /** By how much a process was late at the most. */
  lateMs = 0;
  /** Connections, requests and notifies. */
  calls = 0;
  readonly #tally = new Tally();
  readonly #begun: number[] = [];
  readonly #active: number[] = [];
  /** What came since progress was last told. */
  #recentCalls = 0;
  readonly #recent = new Histogram();

  /** By kinds and names. */
  get rows(): readonly TallyRow[] {
    return this.#tally.rows;
  }

  /** Each counted once. */
  get errors(): number {
    return this.#tally.errors;
  }

  get missed(): number {
    return sum(this.rows.map(({ missed }) => missed));
  }

  get unfinished(): number {
    return sum(this.rows.map(({ unfinished }) => unfinished));
  }

  get failures(): readonly Failure[] {
    return this.#tally.failures;
  }

  /** How many bots have begun. */
  get begun(): number {
    return sum(this.#begun);
  }

  /** How many bots of a crew are at work, as far as it has told. */
  activeOf(crew: number): number {
    return this.#active[crew] ?? 0;
  }

  add(delta: CrewDelta, crew: number): void {
    this.#tally.add(delta.counted);
    this.timeline.add(delta, crew);
    this.#begun[crew] = delta.begun;
    this.#active[crew] = delta.active;
    this.lateMs = Math.max(this.lateMs, delta.lateMs);
    for (const { kind, count, latency } of delta.counted.rows) {
      if (kind === "request") {
        this.latency.add(latency);
        this.#recent.add(latency);
      }
      if (kind === "request" || kind === "notify" || kind === "connection") {
        this.calls += count;
        this.#recentCalls += count;
      }
    }
  }

  /** A process has ended that should not have: its bots are gone. */
  lose(crew: number, error: Error): void {
    const row = this.#tally.row("bot", "bot");
    row.unfinished += this.activeOf(crew);
    this.#active[crew] = 0;
    this.#tally.fail(row, error);
  }

  /** How it stands, and what came since the last time. */
  progress(planned: number, elapsedMs: number, sinceMs: number): BotsProgress {
    const told: BotsProgress = {
      elapsedMs,
      bots: planned,
      begun: this.begun,
      active: sum(this.#active),
      calls: this.calls,
      callsPerSecond: Math.round((this.#recentCalls / Math.max(sinceMs, 1)) * 1_000),
      errors: this.errors,
      latency: latencyOf(this.#recent),
    };
    this.#recentCalls = 0;
    this.#recent.clear();
    return told;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + (value ?? 0), 0);
}
