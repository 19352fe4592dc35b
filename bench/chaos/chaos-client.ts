import { setTimeout as wait } from "node:timers/promises";
import { type ClientConnection, connect, NanowireError } from "nanowire/client";
import { ChaosClient, ChaosEventsClient } from "../generated/bench/v1/chaos.client.js";
import { dictVersion } from "../generated/routes.js";

/** A request that was not answered with a value. */
export interface Failure {
  readonly uid: string;
  readonly code: string;
  readonly message: string;
  /** The node that the error names: it had the request. */
  readonly node: string | undefined;
  /** The gate that the client was connected to. */
  readonly gate: string;
}

/** A gate, as clients know it. */
export interface GateAddress {
  readonly id: string;
  readonly url: string;
}

/** How long a client waits between an answer and its next question, in milliseconds. */
const pauseMs = 10;
/** After how long a client that no gate took tries the next one, in milliseconds. */
const retryMs = 50;
/** Nobody is to wait for an answer for so long, in milliseconds: whoever does has been forgotten. */
const longestMs = 20_000;

/** A client that asks one question after the other, whatever becomes of the gate that it is at and of the nodes behind. */
export class Counting {
  readonly uid: string;
  asked = 0;
  answered = 0;
  beats = 0;
  /** Each request has one outcome: it is answered, or it is here. */
  readonly failures: Failure[] = [];
  /** What no client is to see. */
  readonly strange: string[] = [];
  /** How often it had to connect. */
  connects = 0;
  readonly #gates: () => readonly GateAddress[];
  /** Which of the gates it is at. */
  #turn: number;
  #gate = "";
  #connection: ClientConnection | undefined;
  #chaos: ChaosClient | undefined;
  #entered = false;
  #isOver = false;
  /** Called when it rests, while that is wanted. */
  #rested: (() => void) | undefined;
  readonly #end: Promise<void>;

  /** @param gates those that there are now */
  constructor(uid: string, turn: number, gates: () => readonly GateAddress[]) {
    this.uid = uid;
    this.#turn = turn;
    this.#gates = gates;
    this.#end = this.#run();
  }

  /** The gate that it is connected to; empty: none. */
  get gate(): string {
    return this.#connection?.state === "open" ? this.#gate : "";
  }

  /** What it is at, for who waits for it in vain. */
  get state(): string {
    const { asked, answered, failures } = this;
    const open = asked - answered - failures.length;
    return `${this.uid} at ${this.#gate}: ${this.#connection?.state ?? "closed"}, ${open} without an outcome, ${this.#entered ? "" : "not "}entered`;
  }

  /** Resolved when it has the outcome of its last request, and stays connected without another. */
  rest(): Promise<void> {
    return new Promise((resolve) => {
      this.#rested = resolve;
    });
  }

  goOn(): void {
    this.#rested = undefined;
  }

  /** Resolved when it has gone. */
  async close(): Promise<void> {
    this.#isOver = true;
    this.goOn();
    await this.#end;
    this.#connection?.close();
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const state = this.#connection?.state ?? "closed";
      if (state === "closed") {
        await this.#connect();
      } else if (state !== "open") {
        await wait(pauseMs);
      } else if (!this.#entered) {
        await this.#enter();
      } else if (this.#rested !== undefined) {
        this.#rested();
        await wait(pauseMs);
      } else {
        await this.#count();
        await wait(pauseMs);
      }
    }
  }

  async #enter(): Promise<void> {
    await this.#ask(async (chaos) => {
      this.#entered = true;
      try {
        await chaos.enter({ uid: this.uid });
      } catch (error) {
        this.#entered = false;
        throw error;
      }
    });
  }

  async #count(): Promise<void> {
    const number = this.asked + 1;
    await this.#ask(async (chaos) => {
      const answer = await chaos.count({ number, waitMs: (number % 4) * 5 });
      this.#entered &&= answer.entered;
      if (answer.number !== number) {
        this.strange.push(`${this.uid} asked ${number}, and was answered ${answer.number}`);
      }
    });
  }

  async #ask(request: (chaos: ChaosClient) => Promise<void>): Promise<void> {
    this.asked++;
    const gate = this.#gate;
    try {
      await request(this.#chaos as ChaosClient);
      this.answered++;
    } catch (error) {
      const { code, message, details } = error as NanowireError;
      const node = details?.["node"];
      this.failures.push({ uid: this.uid, code, message, node: typeof node === "string" ? node : undefined, gate });
      if (!(error instanceof NanowireError) || code !== "unavailable") {
        this.strange.push(`${this.uid} at ${gate}: ${String(error)}`);
      }
    }
  }

  async #connect(): Promise<void> {
    const gates = this.#gates();
    const gate = gates[this.#turn++ % gates.length];
    if (gate === undefined) {
      await wait(retryMs);
      return;
    }
    try {
      const connection = await connect(gate.url, {
        dictVersion,
        requestTimeoutMs: longestMs,
        connectTimeoutMs: 1_000,
        // A gate that is about to stop tells where to go, and the connection goes there by itself.
        reconnect: { minDelayMs: 10, maxDelayMs: 50, maxAttempts: 5 },
      });
      this.connects++;
      this.#gate = gate.id;
      this.#entered = false;
      this.#connection = connection;
      this.#chaos = new ChaosClient(connection);
      new ChaosEventsClient(connection).onBeat(() => {
        this.beats++;
      });
      let isSent = false;
      connection.onDrain(({ url }) => {
        isSent = true;
        this.#gate = this.#gates().find((other) => other.url === url)?.id ?? "";
      });
      connection.onState(({ state }) => {
        this.#entered = false;
        if (state === "open") {
          isSent = false;
        } else if (state === "reconnecting" && !isSent) {
          // The gate is gone: another one is tried.
          connection.close();
        }
      });
    } catch {
      await wait(retryMs);
    }
  }
}
