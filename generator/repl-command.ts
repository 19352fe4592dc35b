import type { CommandContext } from "./command-context.js";
import { GeneratorError } from "./error.js";
import { readJson, readMilliseconds } from "./flag-values.js";
import { optional } from "./model/optional.js";
import { helpOnFlags, OneArgument, parseFlags } from "./read/arguments.js";
import { replTable } from "./read/option-table.js";
import { readToldTypes } from "./told-types.js";

const help = (): string => `nanowire repl [URL]

Connects to a server, and does what you type: calls its routes with JSON, shows what it answers and pushes. URL is ws://, wss://, tcp:// or
tls://. What the server speaks it tells itself, where it has reflection on; else name --proto or --descriptors. It need not be a server of
nanowire: those of nano and pitaya answer, too. docs/repl.md tells the commands, and so does help.

From a script (--script FILE, or whatever standard input is that is no terminal) it ends at the first command that fails.
Exit codes: 0 all is well, 1 a command failed, 2 nothing was tried: a flag, a file or the URL is wrong.

Flags:
${helpOnFlags(replTable)}`;

/** What is asked of \`nanowire/repl\`: an entry of the package, which the generator knows by its public name alone. */
interface ReplEntry {
  readonly runRepl: (options: {
    readonly url?: string;
    readonly descriptors?: string | Uint8Array;
    readonly serializer?: "protobuf" | "json";
    readonly timeoutMs?: number;
    readonly user?: unknown;
    readonly caFile?: string;
    readonly script?: string;
    readonly history?: string | false;
    readonly signal?: AbortSignal;
  }) => Promise<number>;
}

const entryName = "nanowire/repl";

/** `nanowire repl`. @returns 0 when all went well, 1 when a command of a script failed, 2 when nothing was tried */
export async function runReplCommand(args: readonly string[], context: CommandContext): Promise<number> {
  const { print, untilStopped } = context;
  const argument = new OneArgument();
  const flags = parseFlags(args, "repl", replTable, argument.take);
  if (flags.help === true) {
    print(help());
    return 0;
  }
  const url = argument.value;
  const { serializer, ca, script, history, no_history: isForgetful } = flags;
  if (isForgetful === true && history !== undefined) {
    throw GeneratorError.of("--history and --no-history contradict each other");
  }
  const options = {
    ...optional("url", url),
    ...optional("timeoutMs", readMilliseconds("--timeout", flags.timeout)),
    ...optional("user", readJson("--user", flags.user)),
    ...optional("descriptors", await readToldTypes(context, flags)),
    ...optional("serializer", serializer),
    ...optional("caFile", ca),
    ...optional("script", script),
    ...optional("history", isForgetful === true ? (false as const) : history),
  };
  const { runRepl } = (await import(entryName)) as ReplEntry;
  return await runRepl({ ...options, ...optional("signal", untilStopped?.()) });
}
