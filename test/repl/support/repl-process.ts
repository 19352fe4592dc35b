import { PassThrough, Readable } from "node:stream";
import { expect, onTestFinished } from "vitest";
import { type ReplOptions, runRepl } from "../../../runtime/repl/run-repl.js";
import { eventually } from "../../support/wait.js";

/** What a run of the REPL printed, and how it ended. */
export interface ReplResult {
  readonly exitCode: number;
  /** The lines on standard output, */
  readonly printed: readonly string[];
  /** and on standard error. */
  readonly errors: readonly string[];
}

/** Runs a script that comes on standard input. */
export async function runLines(lines: readonly string[], options: ReplOptions = {}): Promise<ReplResult> {
  const stdout = new Paper();
  const stderr = new Paper();
  const stdin = Readable.from(lines.map((line) => `${line}\n`));
  const exitCode = await runRepl({ ...options, process: { stdin, stdout, stderr, env: {} } });
  return { exitCode, printed: stdout.lines, errors: stderr.lines };
}

/** A REPL at a terminal that a test types at. */
export class TypedRepl {
  readonly exit: Promise<number>;
  readonly #keyboard = Object.assign(new PassThrough(), { isTTY: true });
  readonly #level: (text: string) => string;
  readonly #paper: Paper & { isTTY: boolean; columns: number };

  /** @param level makes alike what differs from run to run. Default: nothing does */
  constructor(
    options: ReplOptions = {},
    env: NodeJS.ProcessEnv = { NO_COLOR: "1" },
    level: (text: string) => string = (text) => text,
  ) {
    this.#level = level;
    this.#paper = Object.assign(new Paper(), { isTTY: true, columns: 100 });
    const stderr = new Paper();
    this.exit = runRepl({
      history: false,
      ...options,
      process: { stdin: this.#keyboard, stdout: this.#paper, stderr, env },
    });
    onTestFinished(async () => {
      this.#keyboard.end();
      await this.exit;
    });
  }

  /** All that was written to the terminal. */
  get text(): string {
    return this.#paper.text;
  }

  /** Types. */
  type(keys: string): void {
    this.#keyboard.write(keys);
  }

  /** Waits until something is written behind what a test has seen already. */
  async sees(words: string): Promise<void> {
    await eventually(() => expect(this.#unseen()).toContain(words));
    this.#seen += this.#unseen().indexOf(words) + words.length;
  }

  #seen = 0;

  #unseen(): string {
    return this.#level(this.text).slice(this.#seen);
  }

  /** The terminal is closed. */
  hangUp(): void {
    this.#keyboard.end();
  }
}

/** A stream that keeps what is written to it. */
class Paper extends PassThrough {
  text = "";

  constructor() {
    super();
    this.setEncoding("utf8").on("data", (text: string) => {
      this.text += text;
    });
  }

  get lines(): readonly string[] {
    return this.text.split("\n").slice(0, -1);
  }
}
