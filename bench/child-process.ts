import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Reply } from "./parent-process.js";

/** How a process is started. */
export interface ChildOptions {
  readonly args?: readonly string[];
  /** A command that the process is started through: `["taskset", "-c", "0"]`. Default: none */
  readonly launcher?: readonly string[];
  /** Flags of Node. Default: none */
  readonly nodeFlags?: readonly string[];
  /** Variables of the environment beside this process's own. Default: none */
  readonly env?: Readonly<Record<string, string>>;
}

/** A forked process that is asked one question at a time. It ends when it is stopped, and when this process ends. */
export class Child {
  readonly #name: string;
  readonly #process: ChildProcess;
  #failed: Error | undefined;
  #waiting: { resolve(value: unknown): void; reject(error: Error): void } | undefined;

  /** @param module the file to run: `new URL("./server.js", import.meta.url)` */
  constructor(module: URL, { args = [], launcher = [], nodeFlags = [], env = {} }: ChildOptions = {}) {
    const [command = process.execPath, ...launcherArgs] = [...launcher, process.execPath];
    this.#name = [module.pathname.split("/").at(-1), ...args].join(" ");
    this.#process = fork(fileURLToPath(module), args, {
      execPath: command,
      env: { ...process.env, ...env },
      execArgv: [...launcherArgs, ...nodeFlags],
      serialization: "advanced",
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#process.on("message", (reply) => this.#answered(reply as Reply));
    this.#process.on("error", (error) => this.#fail(error));
    this.#process.on("exit", (code, signal) => this.#fail(new Error(`${this.#name} ended (${signal ?? code})`)));
  }

  /** Asks, and resolves with the answer. Rejected when the child fails, ends, or does not answer in time. */
  ask<Question extends object, Answer>(question: Question, timeoutMs: number): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      if (this.#failed !== undefined) {
        reject(this.#failed);
        return;
      }
      const timer = setTimeout(() => this.#fail(new Error(`no answer of ${this.#name} in ${timeoutMs} ms`)), timeoutMs);
      this.#waiting = {
        resolve: (value) => {
          clearTimeout(timer);
          resolve(value as Answer);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.#process.send(question);
    });
  }

  /** Ends the process. Resolved when it has ended. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null || this.#process.pid === undefined) {
      return;
    }
    const ended = once(this.#process, "exit");
    // It leaves by itself when it is let go, and may then write its profile.
    if (this.#process.connected) {
      this.#process.disconnect();
    }
    const killer = setTimeout(() => this.#process.kill("SIGKILL"), killAfterMs);
    await ended;
    clearTimeout(killer);
  }

  #answered(reply: Reply): void {
    // A library of the child's may tell its parent something of its own accord.
    if (!("value" in reply || "error" in reply)) {
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if ("error" in reply) {
      waiting?.reject(new Error(`${this.#name}: ${reply.error}`));
    } else {
      waiting?.resolve(reply.value);
    }
  }

  #fail(error: Error): void {
    this.#failed ??= error;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}

/** How long a process may take to leave by itself. */
const killAfterMs = 5_000;
