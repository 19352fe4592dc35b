import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";

/** The most lines that are kept; a file is cut to that when it has twice as many. */
export const mostHistoryLines = 1_000;

/**
 * The commands of earlier times, in a file that only its owner reads. Where there is none, or it cannot be read or written, those of this time are there all the
 * same.
 */
export class History {
  /** The oldest first. */
  readonly lines: string[];
  readonly #file: string | undefined;
  readonly #onTrouble: (message: string) => void;
  #isWritten: boolean;

  /**
   * @param file undefined: nothing is kept
   * @param onTrouble told once when the file cannot be written
   */
  constructor(file: string | undefined, onTrouble: (message: string) => void) {
    this.#file = file;
    this.#onTrouble = onTrouble;
    this.#isWritten = file !== undefined;
    const lines = file === undefined ? [] : this.#read(file);
    this.lines = lines.slice(-mostHistoryLines);
    if (lines.length > 2 * mostHistoryLines) {
      this.#cut();
    }
  }

  /** Adds a command. One that begins with a space is not kept in the file, nor one that is to stay unknown. */
  add(command: string, isSecret: boolean): void {
    const line = command.trim().replace(/\s*\n\s*/g, " ");
    if (line === "" || line === this.lines.at(-1)) {
      return;
    }
    this.lines.push(line);
    if (this.lines.length > mostHistoryLines) {
      this.lines.shift();
    }
    if (!isSecret && !command.startsWith(" ")) {
      this.#write((file) => appendFileSync(file, `${line}\n`, { mode: ownerOnly }));
    }
  }

  #read(file: string): readonly string[] {
    try {
      return readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
        this.#giveUp(error);
      }
      return [];
    }
  }

  #cut(): void {
    this.#write((file) => {
      const aside = `${file}.${process.pid}`;
      writeFileSync(aside, this.lines.map((line) => `${line}\n`).join(""), { mode: ownerOnly });
      renameSync(aside, file);
    });
  }

  #write(write: (file: string) => void): void {
    if (this.#file === undefined || !this.#isWritten) {
      return;
    }
    try {
      mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
      write(this.#file);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  #giveUp(error: unknown): void {
    this.#isWritten = false;
    this.#onTrouble(`what is typed is not kept: ${error instanceof Error ? error.message : error}`);
  }
}

/** Where it is when nobody says: `nanowire/repl-history` in the user's folder for state (XDG Base Directory Specification). */
export function defaultHistoryFile(env: NodeJS.ProcessEnv): string {
  const { XDG_STATE_HOME: given, LOCALAPPDATA: ofWindows } = env;
  const state = [given, ofWindows].find((folder) => folder !== undefined && isAbsolute(folder));
  return join(state ?? join(homedir(), ".local", "state"), "nanowire", "repl-history");
}

const ownerOnly = 0o600;
