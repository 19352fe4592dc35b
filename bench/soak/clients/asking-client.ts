import { setTimeout as wait } from "node:timers/promises";
import { type ClientConnection, connect, NanowireError } from "nanowire/client";
import { SoakClient, SoakEventsClient } from "../../generated/bench/v1/soak.client.js";
import type { Tally } from "./tally.js";

/** How long it rests between two rounds of questions: this and up to as much again. */
const restMs = 800;
/** Questions a round, all asked at once. */
const questions = 2;
/** Of so many rounds one has a question that the server takes a while for. */
const roundsToWait = 20;
const waitMs = 50;

/** A client as a user writes it: it asks, waits for the answers, and reads every tick. It notes whatever should not be. */
export class AskingClient {
  readonly #tally: Tally;
  readonly #name: string;
  readonly #isCut: boolean;
  #connection: ClientConnection | undefined;
  #asked = 0;
  #lastTick = -1;
  #ended = false;
  #running: Promise<void> = Promise.resolve();

  /** @param isCut its connection breaks, and is made again */
  constructor(name: string, tally: Tally, isCut: boolean) {
    this.#name = name;
    this.#tally = tally;
    this.#isCut = isCut;
  }

  async open(url: string): Promise<void> {
    const watch = (connection: ClientConnection): Promise<void> => {
      this.#lastTick = -1;
      return new SoakClient(connection).watch();
    };
    this.#connection = await connect(url, {
      reconnect: this.#isCut ? { minDelayMs: 50, maxDelayMs: 1_000, onReconnected: watch } : false,
    });
    this.#connection.onClose((error) => {
      if (!this.#ended) {
        this.#tally.broken(`${this.#name}: its connection ended for good: ${error.message}`);
      }
    });
    new SoakEventsClient(this.#connection).onTicked(({ number }) => this.#ticked(number));
    await watch(this.#connection).catch((error) => this.#failed("watching", error));
    this.#running = this.#ask(new SoakClient(this.#connection));
  }

  /** Asks nothing more. Resolved when every question was answered, or not in a time that no server needs. */
  async close(): Promise<void> {
    this.#ended = true;
    await this.#running;
    this.#connection?.close();
  }

  async #ask(client: SoakClient): Promise<void> {
    for (let round = Math.floor(Math.random() * roundsToWait); !this.#ended; round++) {
      await wait(restMs * (1 + Math.random()));
      const first = this.#asked;
      this.#asked += questions;
      const handlerMs = round % roundsToWait === 0 ? waitMs : 0;
      const rounds = Array.from({ length: questions }, (_, index) =>
        this.#askOnce(client, first + index, index === 0 ? handlerMs : 0, handlerMs),
      );
      const numbers = (await Promise.all(rounds)).filter((number) => number !== undefined);
      if (numbers.some((number, index) => index > 0 && number < (numbers[index - 1] ?? 0))) {
        this.#tally.broken(`${this.#name}: answers came in the order ${numbers.join(", ")}`);
      }
    }
  }

  /**
   * Returns when the question was handled, as a count of the server's, or undefined when no answer came.
   *
   * @param spentMs what its handler, and those of the questions before it, wait: that is no latency
   */
  async #askOnce(client: SoakClient, number: number, handlerMs: number, spentMs: number): Promise<number | undefined> {
    const begin = performance.now();
    this.#tally.asked++;
    try {
      const answer = await client.ask({ number, answerBytes: 32, waitMs: handlerMs });
      this.#tally.answered++;
      this.#tally.latency.record((performance.now() - begin - spentMs) * 1_000);
      if (answer.number !== number) {
        this.#tally.broken(`${this.#name}: question ${number} got the answer to ${answer.number}`);
      } else if (!this.#isCut && answer.handledBefore !== number) {
        this.#tally.broken(`${this.#name}: question ${number} was handled after ${answer.handledBefore} others`);
      }
      return answer.handledBefore;
    } catch (error) {
      this.#failed(`question ${number}`, error);
      return undefined;
    }
  }

  #ticked(number: number): void {
    this.#tally.ticks++;
    if (this.#lastTick >= 0 && number !== this.#lastTick + 1) {
      this.#tally.broken(`${this.#name}: tick ${number} came after tick ${this.#lastTick}`);
    }
    this.#lastTick = number;
  }

  #failed(what: string, error: unknown): void {
    if (this.#isCut && error instanceof NanowireError && error.code === "unavailable") {
      this.#tally.lostWithConnection++;
      return;
    }
    this.#tally.broken(`${this.#name}: ${what} failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}
