import { type ChildProcess, spawn } from "node:child_process";
import { type FSWatcher, readdirSync, watch, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { createInterface } from "node:readline";
import type { Command } from "./measured-run.js";

/** How long a change took. */
export interface ChangeFigures {
  /** From the write of the .proto file to the moment at which the last generated file was seen in its place. */
  readonly elapsedMs: number;
  /** What the command says: from when it looks to the end of its writing. */
  readonly toldMs: number;
  /** How many files it wrote. */
  readonly files: number;
}

const longestWaitMs = 120_000;

/** `nanowire generate --watch` in a folder, and the files that it writes there. */
export class WatchedCommand {
  readonly #directory: string;
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #watchers: FSWatcher[] = [];
  /** Path → when something last happened to it. */
  readonly #seen = new Map<string, number>();
  #lines: string[] = [];
  #errors = "";
  #wake: (() => void) | undefined;

  private constructor({ program, args, directory }: Command) {
    this.#directory = directory;
    this.#process = spawn(program, args, { cwd: directory, stdio: ["ignore", "pipe", "pipe"] });
    this.#ended = new Promise((resolve) => {
      this.#process.on("error", (error) => {
        this.#fail(error.message);
        resolve();
      });
      this.#process.on("exit", (code, signal) => {
        this.#fail(`it ended with ${signal ?? code}`);
        resolve();
      });
    });
    const { stdout, stderr } = this.#process;
    if (stdout === null || stderr === null) {
      throw new Error("a process with pipes has none");
    }
    stderr.on("data", (chunk: Buffer) => this.#fail(chunk.toString()));
    createInterface(stdout).on("line", (line) => {
      this.#lines.push(line);
      this.#wake?.();
    });
  }

  /** Starts the command. Resolved when it has generated once, and waits for changes. */
  static async start(command: Command): Promise<WatchedCommand> {
    const started = new WatchedCommand(command);
    try {
      await started.#until(() => started.#lines.some((line) => line.startsWith("watching")));
      started.#watch("");
      return started;
    } catch (error) {
      await started.stop();
      throw error;
    }
  }

  /**
   * Writes a file, and waits until everything that follows from it is written.
   *
   * @param path relative to the command's folder, with forward slashes
   */
  async change(path: string, text: string): Promise<ChangeFigures> {
    this.#lines = [];
    this.#seen.clear();
    const start = performance.now();
    writeFileSync(join(this.#directory, path), text);
    let written: string[] = [];
    let told: RegExpExecArray | null = null;
    // The line may come before the news of the files, or after it.
    await this.#until(() => {
      told = /^generated in (\d+) ms$/.exec(this.#lines.at(-1) ?? "");
      written = this.#lines.flatMap((line) => /^wrote (.*)$/.exec(line)?.[1] ?? []);
      return told !== null && written.every((file) => this.#seen.has(file));
    });
    if (written.length === 0) {
      throw new Error(`${this.#name}: a change of ${path} changed nothing`);
    }
    return {
      elapsedMs: Math.max(...written.map((file) => this.#seen.get(file) ?? 0)) - start,
      toldMs: Number(told?.[1]),
      files: written.length,
    };
  }

  /** Ends the command. Resolved when it has ended. */
  async stop(): Promise<void> {
    for (const watcher of this.#watchers) {
      watcher.close();
    }
    this.#process.kill("SIGINT");
    await this.#ended;
  }

  get #name(): string {
    return this.#process.spawnargs.join(" ");
  }

  /** Takes note of what happens in a folder and those below it. */
  #watch(folder: string): void {
    const absolute = join(this.#directory, folder);
    this.#watchers.push(
      watch(absolute, (_, name) => {
        this.#seen.set(posix.join(folder, name ?? ""), performance.now());
        this.#wake?.();
      }),
    );
    for (const entry of readdirSync(absolute, { withFileTypes: true })) {
      if (entry.isDirectory()) {
        this.#watch(posix.join(folder, entry.name));
      }
    }
  }

  async #until(isDone: () => boolean): Promise<void> {
    const timeOut = setTimeout(() => this.#fail(`nothing came of it in ${longestWaitMs} ms`), longestWaitMs);
    try {
      while (!isDone()) {
        if (this.#errors !== "") {
          throw new Error(`${this.#name}: ${this.#errors.trim()}`);
        }
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      clearTimeout(timeOut);
    }
  }

  #fail(reason: string): void {
    this.#errors += `${reason.trimEnd()}
`;
    this.#wake?.();
  }
}
