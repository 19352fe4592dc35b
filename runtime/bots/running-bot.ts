import { assertFunction, assertOptions } from "../base/assert-options.js";
import type { Awaitable } from "../base/awaitable.js";
import type { Clock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import { type ClientConnection, connect, type Dial, type Unsubscribe } from "../client/index.js";
import type { Bot, BotConnectOptions, PushedTo, PushMethod, RepeatOptions } from "./bot.js";
import { type Duration, parseDuration } from "./duration.js";
import { MeasuredConnection } from "./measured-connection.js";
import { Measuring } from "./measuring.js";
import { type ListenOptions, PushBox, type Pushes, type Waiting } from "./pushes.js";
import type { Scenario } from "./scenario.js";
import { seededRandom } from "./seeded-random.js";
import type { Tally, TallyRow } from "./tally.js";

/** What all bots of a process share. */
export interface BotSurroundings {
  readonly url: string | Dial;
  readonly clock: Clock;
  readonly tally: Tally;
  /** How many bots there are in the run. */
  readonly count: number;
  readonly seed: number;
}

/** A {@link Bot} and what holds it. */
export class RunningBot implements Bot, Waiting {
  readonly index: number;
  readonly random: () => number;
  readonly #surroundings: BotSurroundings;
  readonly #measuring: Measuring;
  readonly #cut = new AbortController();
  readonly #connections = new Set<ClientConnection>();
  /** Those to be told when the bot is not to wait any more. */
  readonly #waits = new Set<(reason: unknown) => void>();
  /** When the time of the run was over. */
  #overAtMs: number | undefined;
  /** Why its connection was closed. */
  #lostBy: NanowireError | undefined;
  /** The innermost loop that it is in. */
  #loop: object | undefined;
  #isDone = false;

  constructor(surroundings: BotSurroundings, index: number) {
    this.index = index;
    this.random = seededRandom(surroundings.seed, index);
    this.#surroundings = surroundings;
    this.#measuring = new Measuring(surroundings.tally, surroundings.clock);
  }

  get count(): number {
    return this.#surroundings.count;
  }

  get isOver(): boolean {
    return this.#overAtMs !== undefined;
  }

  get clock(): Clock {
    return this.#surroundings.clock;
  }

  /** Plays the scenario. Resolved when it is done, or has failed; it never rejects. */
  async play(scenario: Scenario): Promise<void> {
    const { tally } = this.#surroundings;
    const row = tally.row("bot", "bot");
    let error: unknown = endOfRun;
    try {
      await scenario.run(this);
    } catch (thrown) {
      error = thrown;
    }
    const wasCut = this.#measuring.isCut;
    this.#isDone = true;
    this.#measuring.isCut = true;
    this.#close();
    if (wasCut) {
      // It was counted as unfinished.
      return;
    }
    row.count++;
    if (error !== endOfRun) {
      tally.fail(row, error);
    }
  }

  /** The time of the run is over: loops and waits end. */
  end(): void {
    this.#overAtMs ??= this.clock.steady();
    this.#stopWaits(endOfRun);
  }

  /** What it still does is given up. */
  cut(): void {
    if (!this.#isDone) {
      this.#measuring.isCut = true;
      this.#surroundings.tally.row("bot", "bot").unfinished++;
      this.#cut.abort();
      this.#close();
    }
  }

  async connect(options: BotConnectOptions = {}): Promise<ClientConnection> {
    const { url: own, clock, tally } = this.#surroundings;
    const { url = own, ...rest } = options;
    const row = tally.row("connection", "connection");
    const begun = this.#measuring.begin();
    let inner: ClientConnection;
    try {
      inner = await connect(url, { clock, signal: this.#cut.signal, ...rest });
    } catch (error) {
      this.#measuring.fail(row, begun, error);
      throw error;
    }
    this.#measuring.succeed(row, begun);
    if (this.#measuring.isCut) {
      inner.close();
      throw endOfRun;
    }
    this.#connections.add(inner);
    inner.onClose((reason) => this.#closed(row, inner, reason));
    return new MeasuredConnection(inner, this.#measuring);
  }

  listen<C extends object, M extends PushMethod<C>>(
    events: C,
    method: M,
    options: ListenOptions = {},
  ): Pushes<PushedTo<C, M>> {
    const name = `${events.constructor.name}.${method}`;
    assertFunction(name, events[method]);
    const box = new PushBox<PushedTo<C, M>>(name, options, this);
    const listen = events[method] as (listener: (message: PushedTo<C, M>) => void) => Unsubscribe;
    listen.call(events, (message) => box.receive(message));
    return box;
  }

  async step<T>(name: string, body: () => Awaitable<T>): Promise<T> {
    assertName("step", name);
    assertFunction("step's body", body);
    return await this.#timed(this.#surroundings.tally.row("step", name), body);
  }

  async repeat(options: RepeatOptions, body: (turn: number) => Awaitable<void>): Promise<void> {
    const { name, everyMs, times } = resolveRepeatOptions(options);
    assertFunction("repeat's body", body);
    const row = this.#surroundings.tally.row("step", name);
    if (everyMs === undefined) {
      row.isClosed = true;
    } else {
      row.isOpen = true;
    }
    const measuring = this.#measuring;
    const { lateMs: outerLateMs } = measuring;
    const outer = this.#loop;
    const own = {};
    this.#loop = own;
    try {
      const beganAt = this.clock.steady();
      for (let turn = 0; turn < times; turn++) {
        // The first is due whenever it begins.
        const dueAt = everyMs === undefined || turn === 0 ? undefined : beganAt + turn * everyMs;
        const lateMs = await this.#untilDue(dueAt);
        if (lateMs === undefined) {
          row.missed += this.#missed(beganAt + turn * (everyMs ?? 0), everyMs, times - turn);
          return;
        }
        measuring.lateMs = outerLateMs + lateMs;
        await this.#turn(row, () => body(turn));
        if (this.#loop !== own) {
          throw new NanowireError("invalid_state", `the loop ${name} runs beside another one of its bot`);
        }
      }
    } finally {
      measuring.lateMs = outerLateMs;
      this.#loop = outer;
    }
  }

  check(what: string, holds: boolean): void {
    assertName("check", what);
    const { tally } = this.#surroundings;
    const row = tally.row("check", what);
    row.count++;
    if (holds !== true) {
      const error = new NanowireError("check_failed", `it does not hold: ${what}`);
      tally.fail(row, error);
      throw error;
    }
  }

  async think(least: Duration, most: Duration = least): Promise<void> {
    const leastMs = parseDuration("think", least);
    const mostMs = parseDuration("think", most, leastMs);
    await this.#pause(leastMs + (mostMs - leastMs) * this.random());
  }

  whileWaiting(stop: (reason: unknown) => void): () => void {
    const reason = this.#lostBy ?? (this.isOver ? endOfRun : undefined);
    if (reason !== undefined) {
      stop(reason);
      return () => {};
    }
    this.#waits.add(stop);
    return () => void this.#waits.delete(stop);
  }

  /** Waits until a turn may begin. @returns how late it is; undefined when there is to be none any more */
  async #untilDue(dueAt: number | undefined): Promise<number | undefined> {
    const waitMs = dueAt === undefined ? 0 : dueAt - this.clock.steady();
    if (waitMs > 0) {
      try {
        await this.#pause(waitMs);
      } catch (error) {
        if (error === endOfRun) {
          return undefined;
        }
        throw error;
      }
      // Nothing but the bot's own timer was waited for: how late that is, no server can help.
      return 0;
    }
    // A loop that waits for nothing must not keep all others from their turn.
    await new Promise((resolve) => void setImmediate(resolve));
    if (this.#lostBy !== undefined) {
      throw this.#lostBy;
    }
    return this.isOver ? undefined : dueAt === undefined ? 0 : this.clock.steady() - dueAt;
  }

  /** @returns how many turns were due before the end of the run, from this one on */
  #missed(dueAt: number, everyMs: number | undefined, most: number): number {
    if (everyMs === undefined || this.#overAtMs === undefined) {
      return 0;
    }
    return Math.min(most, Math.max(0, Math.ceil((this.#overAtMs - dueAt) / everyMs)));
  }

  async #turn(row: TallyRow, body: () => Awaitable<void>): Promise<void> {
    try {
      await this.#timed(row, body);
    } catch {
      // It was counted. What ends the bot ends the loop before the next turn.
      if (this.#lostBy !== undefined) {
        throw this.#lostBy;
      }
    }
  }

  async #timed<T>(row: TallyRow, body: () => Awaitable<T>): Promise<T> {
    const begun = this.#measuring.begin();
    try {
      const result = await body();
      this.#measuring.succeed(row, begun);
      return result;
    } catch (error) {
      if (error === endOfRun) {
        row.unfinished++;
      } else {
        this.#measuring.fail(row, begun, error);
      }
      throw error;
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let forget = (): void => {};
      const cancel = this.clock.after(ms, () => {
        forget();
        resolve();
      });
      forget = this.whileWaiting((reason) => {
        cancel();
        reject(reason);
      });
    });
  }

  #closed(row: TallyRow, connection: ClientConnection, reason: NanowireError): void {
    this.#connections.delete(connection);
    if (reason.code !== "closed" && !this.#measuring.isCut) {
      this.#surroundings.tally.fail(row, reason);
      this.#lostBy ??= reason;
      this.#stopWaits(reason);
    }
  }

  #stopWaits(reason: unknown): void {
    const waits = [...this.#waits];
    this.#waits.clear();
    for (const stop of waits) {
      stop(reason);
    }
  }

  #close(): void {
    for (const connection of this.#connections) {
      connection.close();
    }
    // What is listened to after this was never opened.
    this.#connections.clear();
  }
}

/** What ends the waits of bots when the time is over: no failure. */
const endOfRun = new NanowireError("canceled", "the time of the run is over");

function resolveRepeatOptions(options: RepeatOptions): {
  readonly name: string;
  readonly everyMs: number | undefined;
  readonly times: number;
} {
  assertOptions("repeat", options, { name: "string", every: "string", times: "checked" });
  const { name = "turn", every, times = Number.POSITIVE_INFINITY } = options;
  assertName("repeat.name", name);
  if (times !== Number.POSITIVE_INFINITY && !(Number.isInteger(times) && times >= 1)) {
    throw new NanowireError("invalid_option", `repeat.times ${String(times)} is not an integer from 1`);
  }
  return { name, times, everyMs: every === undefined ? undefined : parseDuration("repeat.every", every, 1) };
}

function assertName(what: string, name: unknown): void {
  if (typeof name !== "string" || name === "" || name.length > 100) {
    throw new NanowireError("invalid_option", `${what} ${String(name)} is not a text of 1 to 100 characters`);
  }
}
