import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { Module, NanowireError } from "nanowire";
import type { Outcome, Row, Statement, Value } from "./statement.js";

/** A SQLite database in a thread of its own, with the life of a server: a module. Statements are run one after the other, in the order in which they come. */
export class Database extends Module {
  readonly #file: string;
  readonly #schema: string;
  readonly #program: URL;
  readonly #waiting = new Map<number, { resolve(rows: readonly Row[]): void; reject(error: Error): void }>();
  #worker: Worker | undefined;
  #lastId = 0;

  /**
   * @param file where it is kept; ":memory:" while the server runs
   * @param schema one statement that makes what is not there yet
   * @param program the thread's program
   */
  constructor(file: string, schema: string, program = new URL("./worker.js", import.meta.url)) {
    super();
    this.#file = file;
    this.#schema = schema;
    this.#program = program;
  }

  /** How many statements are under way. */
  get pending(): number {
    return this.#waiting.size;
  }

  override async init(): Promise<void> {
    const worker = new Worker(this.#program, { workerData: { file: this.#file } });
    worker.on("message", (outcome: Outcome) => this.#settle(outcome));
    worker.on("error", (error) => this.#fail(error));
    this.#worker = worker;
    await this.run(this.#schema);
  }

  /** What was asked before is answered: the thread ends behind it. */
  override async shutdown(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker !== undefined) {
      const ended = once(worker, "exit");
      worker.postMessage(undefined);
      await ended;
    }
  }

  /**
   * Runs a statement in the database's thread.
   *
   * @param values those of its question marks, never written into the statement itself
   * @throws NanowireError `unavailable` when the thread does not run, `database_failed`
   */
  run<T extends Row = Row>(sql: string, ...values: readonly Value[]): Promise<readonly T[]> {
    const worker = this.#worker;
    if (worker === undefined) {
      return Promise.reject(new NanowireError("unavailable", "the database does not run"));
    }
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: (rows) => resolve(rows as readonly T[]), reject });
      worker.postMessage({ id, sql, values } satisfies Statement);
    });
  }

  #settle({ id, rows, error }: Outcome): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (rows === undefined) {
      // What SQLite says may quote what it holds: it is for the log, and not for clients.
      waiting?.reject(new NanowireError("database_failed", "the database did not answer", { cause: error }));
    } else {
      waiting?.resolve(rows);
    }
  }

  #fail(cause: unknown): void {
    this.#worker = undefined;
    for (const { reject } of this.#waiting.values()) {
      reject(new NanowireError("unavailable", "the database has ended", { cause }));
    }
    this.#waiting.clear();
  }
}
