import type { Writable } from "node:stream";
import { printable } from "../base/printable.js";

/** How a piece of a line looks where there are colours. */
export type Style = "plain" | "good" | "bad" | "name" | "faint";

/** A piece of a line, and how it looks. */
export type Piece = string | readonly [style: Style, text: string];

/** The prompt of a terminal, which gives way while something is printed. */
export interface PromptPlace {
  hide(): void;
  show(): void;
}

/** Where it prints. */
export interface ScreenOptions {
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Whether somebody sits at it: he is told more, and all in one place. */
  readonly isTerminal: boolean;
  readonly hasColours: boolean;
  /** How many characters fit into a line. */
  readonly width: () => number;
}

/** What is printed goes through here, and all of it is made {@link printable}: servers are strangers to a terminal. */
export class Screen {
  readonly isTerminal: boolean;
  prompt: PromptPlace | undefined;
  readonly #options: ScreenOptions;
  /** How much was not shown since something last was. */
  #unshown = 0;

  constructor(options: ScreenOptions) {
    this.isTerminal = options.isTerminal;
    this.#options = options;
  }

  /** How many characters fit into a line: JSON that is longer is broken into lines, at a terminal. */
  get width(): number {
    return this.isTerminal ? this.#options.width() : Number.POSITIVE_INFINITY;
  }

  /** Prints a line of what was asked for. */
  say(...pieces: readonly Piece[]): void {
    this.#write(this.#options.stdout, [pieces]);
  }

  /** Prints lines, the first behind a head. */
  sayAll(head: readonly Piece[], [first = "", ...rest]: readonly string[]): void {
    this.#write(this.#options.stdout, [[...head, first], ...rest.map((line) => [line])]);
  }

  /** The same for what comes unasked: when the reader is slower than it comes, it is left out, and counted. */
  saySpontaneously(head: readonly Piece[], lines: readonly string[]): void {
    if (this.#options.stdout.writableLength > mostWaitingBytes) {
      this.#unshown++;
      return;
    }
    if (this.#unshown > 0) {
      this.complain(`${this.#unshown} pushes are not shown: they came faster than they are read`);
      this.#unshown = 0;
    }
    this.sayAll(head, lines);
  }

  /** Prints what only somebody at a terminal wants to know. */
  note(text: string): void {
    if (this.isTerminal) {
      this.say(["faint", text]);
    }
  }

  /** Prints what is wrong. */
  complain(text: string): void {
    const { stdout, stderr } = this.#options;
    this.#write(this.isTerminal ? stdout : stderr, [[["bad", text]]]);
  }

  #write(stream: Writable, lines: readonly (readonly Piece[])[]): void {
    this.prompt?.hide();
    stream.write(lines.map((pieces) => `${pieces.map((piece) => this.#render(piece)).join("")}\n`).join(""));
    this.prompt?.show();
  }

  #render(piece: Piece): string {
    const [style, text] = typeof piece === "string" ? (["plain", piece] as const) : piece;
    const shown = printable(text);
    return this.#options.hasColours && style !== "plain" ? `\u001b[${colours[style]}m${shown}\u001b[0m` : shown;
  }
}

/** How much may wait for the reader before pushes are left out. */
const mostWaitingBytes = 1_048_576;

/** Select Graphic Rendition (ECMA-48, 8.3.117). */
const colours: Readonly<Record<Exclude<Style, "plain">, number>> = { good: 32, bad: 31, name: 36, faint: 2 };
