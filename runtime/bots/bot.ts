import type { Awaitable } from "../base/awaitable.js";
import type { ClientConnection, ConnectOptions } from "../client/index.js";
import type { Duration } from "./duration.js";
import type { ListenOptions, Pushes } from "./pushes.js";

/**
 * A user who is none: it connects, calls, waits, thinks. It does one thing after the other, as somebody at a screen does; who is to do two at once is two bots.
 *
 * When the time of the run is over, its loops end, and what it waits for in {@link think} and {@link Pushes.next} is given up. What stands behind the loop, to leave a room say, is still
 * done, for as long as `grace` lasts; then its connections are closed.
 */
export interface Bot {
  /** Its number, from 0 to {@link count} - 1: no other bot of the run has it, in whichever process. */
  readonly index: number;
  /** How many bots there are in the run. */
  readonly count: number;
  /** Whether the time of the run is over: for loops of your own. */
  readonly isOver: boolean;

  /**
   * Connects to the server of the run, and hands out a connection for generated clients. What is called through it is counted and timed by its route. The bot closes it
   * at its end. A connection that is closed for good, by anybody but the scenario, is the bot's failure.
   *
   * @throws NanowireError (as a rejection) what `connect` of nanowire/client says
   */
  connect(options?: BotConnectOptions): Promise<ClientConnection>;

  /**
   * Keeps what is pushed, for {@link Pushes.next}: `bot.listen(new RoomEventsClient(connection), "onSaid")`.
   *
   * @param events a generated client of a PUSH service
   * @param method the name of the method that listens to the push
   */
  listen<C extends object, M extends PushMethod<C>>(
    events: C,
    method: M,
    options?: ListenOptions,
  ): Pushes<PushedTo<C, M>>;

  /**
   * Times what you name, with all that is called and waited for in it.
   *
   * @param name a row of the report; the first 500 are told apart
   * @returns what `body` returns
   * @throws what `body` throws; it is counted
   */
  step<T>(name: string, body: () => Awaitable<T>): Promise<T>;

  /**
   * Takes turns until the time of the run is over, or as often as it is told. Each is a step of its own. One that throws is counted, and the next one begins, unless a
   * connection is gone. docs/bots.md tells from when each is timed.
   *
   * @param body is told which turn it is, from 0
   * @throws NanowireError (as a rejection) `invalid_option`; `invalid_state` when two loops of one bot run at once; why its connection was closed
   */
  repeat(options: RepeatOptions, body: (turn: number) => Awaitable<void>): Promise<void>;

  /**
   * Counts whether something holds that is to hold.
   *
   * @param what a row of the report
   * @throws NanowireError `check_failed` when it does not
   */
  check(what: string, holds: boolean): void;

  /**
   * Waits, as a user does who thinks.
   *
   * @param most with it, for any time from `least` to `most`
   */
  think(least: Duration, most?: Duration): Promise<void>;

  /** A number from 0 up to 1. A bot gets the same ones in each run with the same `seed`. */
  random(): number;
}

/** What {@link Bot.connect} may be told: everything that `connect` takes, and where to. */
export interface BotConnectOptions extends ConnectOptions {
  /** Default: the run's. */
  readonly url?: string;
}

/** How {@link Bot.repeat} takes turns. */
export interface RepeatOptions {
  /** The row of the report. Default: `turn`. */
  readonly name?: string;
  /**
   * The rate: a turn is due at each multiple of it, from 1 ms on, counted from the loop's begin. One that takes longer makes the next ones late, which are made up for at once, one after the other; they
   * are timed from when they were due. Default: none, a turn begins when the one before has ended.
   */
  readonly every?: Duration;
  /** How many turns, from 1. Default: until the time of the run is over. */
  readonly times?: number;
}

/** The names of the methods of a generated client that listen to a push. */
export type PushMethod<C> = {
  [M in keyof C & string]: C[M] extends (listener: (message: infer _Message) => void) => () => void ? M : never;
}[keyof C & string];

/** What is pushed to a method that listens. */
export type PushedTo<C, M extends keyof C> = C[M] extends (listener: (message: infer T) => void) => () => void
  ? T
  : never;
