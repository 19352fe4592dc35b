import type { Conversation } from "./conversation.js";
import type { Screen } from "./screen.js";

/** What follows a command's name, for completion. */
export type Argument = "none" | "request" | "notify" | "push" | "pushes" | "name" | "command" | "declaration";

/** What a command works with. */
export interface CommandScene {
  readonly conversation: Conversation;
  readonly screen: Screen;
  /** The commands so far, the oldest first. */
  readonly history: readonly string[];
  /** Every command, by its name. */
  readonly commands: ReadonlyMap<string, Command>;
  /** Ends what the command waits for. */
  readonly signal: AbortSignal;
}

/** A command. */
export interface Command {
  /** How it is written: `request ROUTE [JSON]`. */
  readonly usage: string;
  readonly summary: string;
  readonly argument: Argument;
  /** Whether what follows it is not to be kept: it may hold a password. Default: as far as the .proto of a message says so */
  readonly isSecret?: (rest: string) => boolean;
  /**
   * Does it. What it returns is printed; nothing is.
   *
   * @param rest what follows the name, without spaces around it
   * @throws NanowireError when it cannot be done
   */
  readonly run: (rest: string, scene: CommandScene) => void | Promise<void>;
}
