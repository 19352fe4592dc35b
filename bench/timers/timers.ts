import type { RoundFigures } from "../side.js";

/** Which timers are measured: those of a server's scheduler, or the machine's own. */
export type TimerKind = "nanowire" | "setInterval";

/** What the parent asks a process of timers. */
export interface TimersQuestion {
  readonly kind: TimerKind;
  readonly timers: number;
  /** The server's `timerPrecisionMs`. */
  readonly precisionMs: number;
  /** How often each is called: every so many milliseconds, the same for all or evenly between two. */
  readonly periodMs: readonly [least: number, most: number];
  /** Over how long they are made: their ticks lie as far apart. */
  readonly spreadMs: number;
  /** How long their calls are counted, from when the last was called once. */
  readonly ms: number;
}

/** What came of it. A message is a call; latency is how late it came, reckoned from when its timer was made. */
export type TimersFigures = RoundFigures;
