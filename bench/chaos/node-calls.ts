import { setTimeout as wait } from "node:timers/promises";
import { NanowireError, type RemoteCaller } from "nanowire";
import { ChaosNodesRemoteAll, ChaosNodesRemoteClient } from "../generated/bench/v1/chaos.server.js";
import type { CallsView } from "./node-settings.js";

/** Between an answer and the next call, in milliseconds. */
const pauseMs = 10;
/** So many calls of one node are under way at once, and one of all nodes besides. */
const callers = 3;

/** Calls of a node to the others, and to itself, without end and without a time-out. */
export class NodeCalls {
  readonly #one: ChaosNodesRemoteClient;
  readonly #all: ChaosNodesRemoteAll;
  /** When those that are under way were made. */
  readonly #underWay = new Map<number, number>();
  readonly #strange: string[] = [];
  #loops: readonly Promise<void>[] = [];
  #number = 0;
  #answered = 0;
  #lost = 0;
  #ending = false;

  constructor(caller: RemoteCaller) {
    this.#one = new ChaosNodesRemoteClient(caller);
    this.#all = new ChaosNodesRemoteAll(caller);
  }

  begin(): void {
    const one = (): Promise<void> => this.#call((number) => this.#askOne(number));
    const all = (): Promise<void> => this.#call((number) => this.#askAll(number));
    this.#loops = [...Array.from({ length: callers }, one), all()];
  }

  /** Makes no more. Resolved when none is under way. */
  async end(): Promise<void> {
    this.#ending = true;
    await Promise.all(this.#loops);
  }

  view(): CallsView {
    const oldestAt = Math.min(...this.#underWay.values(), performance.now());
    return {
      answered: this.#answered,
      lost: this.#lost,
      oldestMs: performance.now() - oldestAt,
      strange: this.#strange,
    };
  }

  async #call(ask: (number: number) => Promise<void>): Promise<void> {
    while (!this.#ending) {
      const number = ++this.#number;
      this.#underWay.set(number, performance.now());
      await ask(number);
      this.#underWay.delete(number);
      await wait(pauseMs);
    }
  }

  async #askOne(asked: number): Promise<void> {
    try {
      const { number } = await this.#one.echo({ number: asked });
      this.#came(asked, number);
    } catch (error) {
      this.#failed(error);
    }
  }

  async #askAll(asked: number): Promise<void> {
    for (const answer of await this.#all.echo({ number: asked })) {
      if (answer.ok) {
        this.#came(asked, answer.value.number);
      } else {
        this.#failed(answer.error);
      }
    }
  }

  #came(asked: number, number: number): void {
    this.#answered++;
    if (number !== asked) {
      this.#strange.push(`the answer to ${asked} is ${number}`);
    }
  }

  #failed(error: unknown): void {
    this.#lost++;
    if (!(error instanceof NanowireError) || error.code !== "unavailable") {
      this.#strange.push(String(error));
    }
  }
}
