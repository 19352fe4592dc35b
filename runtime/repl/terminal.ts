import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { mostHistoryLines } from "./history.js";
import type { Repl } from "./repl.js";
import { goesOn } from "./split-line.js";

/** Somebody's terminal. */
export interface TerminalStreams {
  readonly input: Readable;
  readonly output: Writable;
}

/**
 * Reads commands from a terminal until Ctrl-D or `exit`. Ctrl-C gives up what is waited for, or the line. What goes wrong is printed, and it goes on.
 *
 * @param begin what is done first, as a command is
 * @param signal ends it
 */
export async function runTerminal(
  repl: Repl,
  { input, output }: TerminalStreams,
  begin: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) {
    return;
  }
  const terminal = new Terminal(repl, input, output);
  signal.addEventListener("abort", terminal.stop);
  await terminal.run(begin);
  signal.removeEventListener("abort", terminal.stop);
}

class Terminal {
  readonly #repl: Repl;
  readonly #output: Writable;
  readonly #readline: Interface;
  /** What was written while something was waited for. */
  readonly #lines: string[] = [];
  /** The lines of a command that goes on. */
  #command = "";
  /** Ends what is waited for; undefined while nothing is. */
  #running: AbortController | undefined;
  #isClosed = false;
  #wake: () => void = () => {};

  constructor(repl: Repl, input: Readable, output: Writable) {
    this.#repl = repl;
    this.#output = output;
    this.#readline = createInterface({
      input,
      output,
      terminal: true,
      prompt,
      history: repl.history.toReversed(),
      historySize: mostHistoryLines,
      removeHistoryDuplicates: true,
      completer: (line: string) => {
        const { word, candidates } = repl.complete(this.#command + line);
        return [[...candidates], word];
      },
    });
    this.#readline.on("line", (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    this.#readline.on("SIGINT", () => this.#interrupt());
    this.#readline.on("close", () => {
      this.#isClosed = true;
      this.#lines.length = 0;
      this.#running?.abort();
      this.#wake();
    });
    repl.screen.prompt = {
      hide: () => this.#hidePrompt(),
      show: () => this.#showPrompt(),
    };
  }

  /** Ends it, from outside. */
  readonly stop = (): void => this.#readline.close();

  async run(begin: string | undefined): Promise<void> {
    await this.#execute(begin ?? "");
    while (!this.#repl.isOver) {
      this.#showPrompt();
      const line = await this.#nextLine();
      if (line === undefined) {
        break;
      }
      this.#command = this.#command === "" ? line : `${this.#command}\n${line}`;
      const command = this.#command;
      if (!goesOn(command)) {
        this.#command = "";
        this.#repl.remember(command);
        await this.#execute(command);
      }
    }
    this.#repl.screen.prompt = undefined;
    this.#readline.close();
  }

  async #execute(command: string): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    const fault = await this.#repl.execute(command, running.signal);
    if (fault !== undefined) {
      this.#repl.screen.complain(fault);
    }
    this.#running = undefined;
  }

  async #nextLine(): Promise<string | undefined> {
    while (this.#lines.length === 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#lines.shift();
  }

  #interrupt(): void {
    if (this.#running !== undefined) {
      this.#running.abort();
      return;
    }
    const isEmpty = this.#readline.line === "" && this.#command === "";
    this.#command = "";
    this.#readline.write(null, { ctrl: true, name: "e" });
    this.#readline.write(null, { ctrl: true, name: "u" });
    if (isEmpty) {
      this.#repl.screen.note("exit, or Ctrl-D, ends");
    } else {
      this.#showPrompt();
    }
  }

  /** Whether the prompt is there to be hidden. */
  get #hasPrompt(): boolean {
    return this.#running === undefined && !this.#isClosed;
  }

  #hidePrompt(): void {
    if (this.#hasPrompt) {
      moveCursor(this.#output, 0, -this.#readline.getCursorPos().rows);
      cursorTo(this.#output, 0);
      clearScreenDown(this.#output);
    }
  }

  #showPrompt(): void {
    if (this.#hasPrompt) {
      this.#readline.setPrompt(this.#command === "" ? prompt : goOnPrompt);
      this.#readline.prompt(true);
    }
  }
}

const prompt = "nanowire> ";
const goOnPrompt = "        … ";
