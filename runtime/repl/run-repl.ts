import { createReadStream, readFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { assertOptions } from "../base/assert-options.js";
import { NanowireError } from "../base/error.js";
import { nodeSchemes } from "../client/dial-node.js";
import { parseDialUrl } from "../client/dial-url.js";
import { maxTimeoutMs } from "../client/limits.js";
import { assertNumber, invalidOption } from "../client/number-option.js";
import type { Descriptors } from "../protocol/descriptors-file.js";
import { Conversation, type ReplSerializer } from "./conversation.js";
import { defaultHistoryFile, History } from "./history.js";
import { ProtocolBook } from "./protocol-book.js";
import { Repl } from "./repl.js";
import { Screen } from "./screen.js";
import { runScript } from "./script.js";
import { runTerminal } from "./terminal.js";

/** What `nanowire repl` is told. */
export interface ReplOptions {
  /** Where to connect to first: `ws://host:port/path`, `wss://…`, `tcp://host:port`, `tls://…`. Default: nowhere, until `connect` is said. */
  readonly url?: string;
  /**
   * What `nanowire generate --descriptors FILE` writes, or the bytes of a google.protobuf.FileDescriptorSet, which tells types alone. Default: the server is
   * asked.
   */
  readonly descriptors?: Descriptors;
  /** What is asked for on the wire: `protobuf` or `json`. The server may choose the other one. Default: `protobuf`. */
  readonly serializer?: ReplSerializer;
  /** Milliseconds to wait for a connection, an answer, a push; 0: for ever. To 2,147,483,647. Default: 10,000. */
  readonly timeoutMs?: number;
  /** What the handshake tells the application on the server, anything that JSON can say. Default: nothing. */
  readonly user?: unknown;
  /** A file with the issuers of certificates that are trusted with `wss://` and `tls://`, as PEM. Default: Node's own. */
  readonly caFile?: string;
  /** A file of commands, a line each. Default: standard input. */
  readonly script?: string;
  /** The file for what is typed at a terminal; false: none. Default: `nanowire/repl-history` in the user's folder for state. */
  readonly history?: string | false;
  /** Ends it: what is waited for is given up. Default: nothing does. */
  readonly signal?: AbortSignal;
  /** Where it reads and prints, and what it knows of its surroundings. Default: `process`. */
  readonly process?: ReplProcess;
}

/** What is asked of `process`. */
export interface ReplProcess {
  /** Commands; somebody types them where `isTTY` is true. */
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** What was asked for; in colours where it is a terminal, too. */
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  /** What went wrong, in a script. */
  readonly stderr: Writable;
  /** The environment: `NO_COLOR`, `TERM`, `XDG_STATE_HOME`. */
  readonly env: NodeJS.ProcessEnv;
}

/**
 * What `nanowire repl` runs: tries a server out by hand, or by a script. docs/repl.md tells the commands.
 *
 * At a terminal it asks for one command after the other, and what fails is printed. A script, or what else standard input is, ends at the first command that fails.
 *
 * @returns the exit code: 0 when all went well, 1 when a command of a script failed, 2 when nothing was tried, because an option, or a file that it
 * names, is of no use
 */
export async function runRepl(options: ReplOptions = {}): Promise<number> {
  const { stdin, stdout, stderr, env } = options.process ?? process;
  const isTerminal = options.script === undefined && stdin.isTTY === true;
  const screen = new Screen({
    stdout,
    stderr,
    isTerminal,
    hasColours: isTerminal && stdout.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb",
    width: () => stdout.columns || 80,
  });
  let resolved: ResolvedOptions;
  try {
    resolved = resolveOptions(options);
  } catch (error) {
    if (!(error instanceof NanowireError)) {
      throw error;
    }
    screen.complain(error.message);
    return 2;
  }
  const historyFile = options.history === false ? undefined : (options.history ?? defaultHistoryFile(env));
  const history = new History(isTerminal ? historyFile : undefined, (message) => screen.complain(message));
  const conversation = new Conversation(resolved, screen);
  const repl = new Repl(conversation, screen, history);
  const signal = options.signal ?? new AbortController().signal;
  const begin = resolved.url === undefined ? undefined : "connect";
  try {
    if (isTerminal) {
      await runTerminal(repl, { input: stdin, output: stdout }, begin, signal);
      return 0;
    }
    const input = options.script === undefined ? stdin : createReadStream(options.script);
    return (await runScript(repl, input, options.script ?? "standard input", begin, signal)) ? 0 : 1;
  } finally {
    conversation.disconnect();
  }
}

/** The options with their defaults, and what the files hold that they name. */
interface ResolvedOptions {
  readonly url: string | undefined;
  readonly book: ProtocolBook | undefined;
  readonly serializer: ReplSerializer;
  readonly timeoutMs: number;
  readonly user: unknown;
  readonly ca: Uint8Array | undefined;
}

/** @throws NanowireError `invalid_option`, `invalid_url` */
function resolveOptions(options: ReplOptions): ResolvedOptions {
  assertOptions("", options, {
    url: "string",
    descriptors: "checked",
    serializer: "string",
    timeoutMs: "checked",
    user: "checked",
    caFile: "string",
    script: "string",
    history: "checked",
    signal: "object",
    process: "object",
  });
  const { url, descriptors, serializer = "protobuf", timeoutMs = 10_000, user, caFile, script } = options;
  if (url !== undefined) {
    parseDialUrl(url, nodeSchemes);
  }
  if (serializer !== "protobuf" && serializer !== "json") {
    throw invalidOption("serializer", serializer, "protobuf or json");
  }
  assertNumber("timeoutMs", timeoutMs, 0, maxTimeoutMs);
  if (script !== undefined) {
    read("script", script);
  }
  return {
    url,
    serializer,
    timeoutMs,
    user,
    book: descriptors === undefined ? undefined : ProtocolBook.read(descriptors),
    ca: caFile === undefined ? undefined : read("caFile", caFile),
  };
}

function read(option: string, file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new NanowireError("invalid_option", `${option} ${file} cannot be read: ${code ?? message}`, { cause });
  }
}
