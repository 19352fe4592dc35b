/** How much a line of a log matters. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/**
 * Where the runtime says what happened. The shape is pino's, so a pino logger can be handed in as it is. What messages hold is written
 * to `debug` only, and never a field that its .proto marks `debug_redact`.
 */
export interface Logger {
  /** What helps to find a fault: every message that is refused, every client that is turned away. */
  debug(fields: object, message: string): void;
  /** What happens seldom, and as it should: a server listens, or stops. */
  info(fields: object, message: string): void;
  /** What somebody should look at: a connection that is closed for what it did, a client that is turned away. */
  warn(fields: object, message: string): void;
  /** What failed: a handler, a task, a listener. `fields.error` is the error, with its stack. */
  error(fields: object, message: string): void;
  /** Whether lines of that level are written. Where a logger does not say, what messages hold is not logged. */
  isLevelEnabled?(level: LogLevel): boolean;
}

/** A logger that says nothing. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};

/**
 * A logger that writes lines to the console: warnings and errors to standard error, the rest to standard output.
 *
 * @param level the least that is written. Default: `info`
 */
export function consoleLogger(level: LogLevel = "info"): Logger {
  const least = levels.indexOf(level);
  const isLevelEnabled = (name: LogLevel): boolean => levels.indexOf(name) >= least;
  const write = (name: LogLevel) => (fields: object, message: string) => {
    if (isLevelEnabled(name)) {
      console[name](`${name} ${message}${describe(fields)}`);
    }
  };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error"), isLevelEnabled };
}

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

function describe(fields: object): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${textOf(value)}`)
    .join("");
}

/**
 * Anything can be thrown, and so be logged: an object without `toString`, too. What a stranger wrote (a route, a uid) may
 * hold line breaks: only an error has lines of its own, and none of them begins like a line of the log.
 */
function textOf(value: unknown): string {
  try {
    return value instanceof Error
      ? (value.stack ?? value.message)
          .split(lineBreak)
          .map(escapeControls)
          .join("\n")
          .replace(/\n(?! )/g, "\n    ")
      : escapeControls(String(value));
  } catch {
    return "(a value that cannot be shown)";
  }
}

function escapeControls(text: string): string {
  return text.replace(control, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const lineBreak = /\r\n|[\n\r\u2028\u2029]/;

/** Characters that move the cursor or the line. */
const control = /[\p{Cc}\u2028\u2029]/gu;
