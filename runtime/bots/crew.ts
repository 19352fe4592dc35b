import type { CancelTimer, Clock } from "../base/clock.js";
import type { Dial } from "../client/index.js";
import { RunningBot } from "./running-bot.js";
import type { Scenario } from "./scenario.js";
import { Tally, type TallySnapshot } from "./tally.js";

/** Which bots run, and for how long: what a {@link Crew} of another process is told, too. */
export interface CrewPlan {
  /** How many bots there are in all crews. */
  readonly bots: number;
  /** How many crews there are; each has every so-manieth bot. */
  readonly crews: number;
  /** Which of them this is, from 0. */
  readonly crew: number;
  readonly rampMs: number;
  /** How long it goes on when the last bot has begun; undefined: until all are done. */
  readonly forMs: number | undefined;
  /** How long bots have to come to their end when the time is over. */
  readonly graceMs: number;
  readonly seed: number;
}

/** What a crew did since it last told. */
export interface CrewDelta {
  /** When, counted from its begin. */
  readonly atMs: number;
  /** How many bots have begun, and how many of them are not done. */
  readonly begun: number;
  readonly active: number;
  /** By how much the process itself was late at the most: its timers, and so everything. */
  readonly lateMs: number;
  readonly counted: TallySnapshot;
}

/** What a {@link Crew} is made with. */
export interface CrewOptions extends CrewPlan {
  readonly scenario: Scenario;
  readonly url: string | Dial;
  readonly clock: Clock;
  /** Called every second, and at the end. */
  readonly onDelta: (delta: CrewDelta) => void;
}

/** The bots of one process. */
export class Crew {
  readonly #options: CrewOptions;
  readonly #tally = new Tally();
  readonly #active = new Set<RunningBot>();
  readonly #timers = new Set<CancelTimer>();
  #cancelRamp: CancelTimer = () => {};
  #beganAt = 0;
  /** The next that is to begin. */
  #next: number;
  #begun = 0;
  #lateMs = 0;
  #toldAt = 0;
  #state: "new" | "running" | "ending" | "done" = "new";
  #finish: () => void = () => {};

  constructor(options: CrewOptions) {
    this.#options = options;
    this.#next = options.crew;
  }

  /** Runs them all. Resolved when all are done, or had their time; it never rejects. */
  async run(): Promise<void> {
    const { clock, rampMs, forMs } = this.#options;
    // The clock's timers keep no process alive.
    const hold = setInterval(() => {}, 60_000);
    this.#beganAt = clock.steady();
    this.#toldAt = this.#beganAt;
    const finished = new Promise<void>((resolve) => {
      this.#finish = resolve;
    });
    this.#state = "running";
    this.#watch(this.#beganAt + watchEveryMs);
    if (forMs !== undefined) {
      this.#timers.add(clock.after(rampMs + forMs, () => this.end()));
    }
    this.#beginDue();
    await finished;
    // What was closed tells so in this turn.
    await new Promise((resolve) => void setImmediate(resolve));
    this.#state = "done";
    for (const cancel of this.#timers) {
      cancel();
    }
    this.#tell();
    clearInterval(hold);
  }

  /** The time is over. Calling it again does nothing. */
  end(): void {
    if (this.#state !== "running") {
      return;
    }
    this.#state = "ending";
    this.#cancelRamp();
    const { clock, graceMs } = this.#options;
    this.#timers.add(
      clock.after(graceMs, () => {
        for (const bot of this.#active) {
          bot.cut();
        }
        this.#finish();
      }),
    );
    for (const bot of this.#active) {
      bot.end();
    }
    this.#finishWhenDone();
  }

  #beginDue(): void {
    const { clock, rampMs, bots, crews } = this.#options;
    if (this.#state !== "running") {
      return;
    }
    for (; this.#next < bots; this.#next += crews) {
      const waitMs = this.#beganAt + (rampMs * this.#next) / bots - clock.steady();
      if (waitMs > 0) {
        this.#cancelRamp = clock.after(waitMs, () => this.#beginDue());
        return;
      }
      this.#begin(this.#next);
    }
    this.#finishWhenDone();
  }

  #begin(index: number): void {
    const { url, clock, bots: count, seed, scenario } = this.#options;
    const bot = new RunningBot({ url, clock, tally: this.#tally, count, seed }, index);
    this.#begun++;
    this.#active.add(bot);
    void bot.play(scenario).then(() => {
      this.#active.delete(bot);
      this.#finishWhenDone();
    });
  }

  #finishWhenDone(): void {
    const hasAllBegun = this.#state === "ending" || this.#next >= this.#options.bots;
    if (hasAllBegun && this.#active.size === 0) {
      this.#finish();
    }
  }

  /** Looks now and then how late the process is, and tells every second. */
  #watch(dueAt: number): void {
    const { clock } = this.#options;
    const cancel = clock.after(dueAt - clock.steady(), () => {
      this.#timers.delete(cancel);
      const now = clock.steady();
      this.#lateMs = Math.max(this.#lateMs, now - dueAt);
      if (now - this.#toldAt >= tellEveryMs) {
        // Of the seconds of the run, and not of those since it last told: they are to be those of the other crews.
        this.#toldAt = now - ((now - this.#beganAt) % tellEveryMs);
        this.#tell();
      }
      this.#watch(Math.max(dueAt + watchEveryMs, now));
    });
    this.#timers.add(cancel);
  }

  #tell(): void {
    const { clock, onDelta } = this.#options;
    const lateMs = this.#lateMs;
    this.#lateMs = 0;
    const atMs = clock.steady() - this.#beganAt;
    onDelta({ atMs, begun: this.#begun, active: this.#active.size, lateMs, counted: this.#tally.drain() });
  }
}

const watchEveryMs = 100;
const tellEveryMs = 1_000;
