import { NanowireError } from "../base/error.js";
import { commandNamed, commands, exitCommand } from "./commands.js";
import { type Completion, complete } from "./complete.js";
import type { Conversation } from "./conversation.js";
import { hasSecret } from "./has-secret.js";
import type { History } from "./history.js";
import type { Screen } from "./screen.js";
import { firstWord } from "./split-line.js";

/** Reads commands and does them, one at a time. */
export class Repl {
  readonly conversation: Conversation;
  readonly screen: Screen;
  readonly #history: History;
  #isOver = false;

  constructor(conversation: Conversation, screen: Screen, history: History) {
    this.conversation = conversation;
    this.screen = screen;
    this.#history = history;
  }

  /** Whether `exit` was said. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The commands so far, the oldest first. */
  get history(): readonly string[] {
    return this.#history.lines;
  }

  /**
   * Does what a command says; nothing for an empty one, and for one that begins with `#`.
   *
   * @returns what is wrong; undefined when all is well
   */
  async execute(line: string, signal: AbortSignal): Promise<string | undefined> {
    const [name, rest] = firstWord(line);
    if (name === "" || name.startsWith("#")) {
      return undefined;
    }
    const { conversation, screen, history } = this;
    try {
      const command = commandNamed(name);
      this.#isOver = name === exitCommand;
      await command.run(rest, { conversation, screen, history, commands, signal });
      return undefined;
    } catch (error) {
      const fault = faultText(error);
      const [route] = firstWord(rest);
      const isOfRoute = isCall(name) && !fault.includes(route);
      return isOfRoute ? `${route}: ${fault}` : fault;
    }
  }

  /** Keeps a command for later. */
  remember(line: string): void {
    const [name, rest] = firstWord(line);
    const isSecret = commands.get(name)?.isSecret?.(rest) ?? hasSecret(rest, this.conversation.book);
    this.#history.add(line, isSecret);
  }

  /** What may come next, after what was written so far. */
  complete(line: string): Completion {
    const { book, dictionary } = this.conversation;
    return complete(line, { commands, book, dictionary: [...dictionary.keys()] });
  }
}

/** An error, as it is told: what the server says of it, too. */
export function faultText(error: unknown): string {
  if (!(error instanceof NanowireError)) {
    return error instanceof Error ? error.message : String(error);
  }
  const { code, message, details, cause } = error;
  const told = Object.keys(details).length === 0 ? "" : ` ${JSON.stringify(details)}`;
  const why = cause instanceof NanowireError && !message.includes(cause.message) ? ` (${cause.message})` : "";
  return code === "invalid_command" ? message : `${code}: ${message}${told}${why}`;
}

/** Whether a command calls a route: its errors name it. */
function isCall(command: string): boolean {
  return command === "request" || command === "notify";
}
