import type { CommandContext } from "./command-context.js";
import { GeneratorError } from "./error.js";
import { readJson, readMilliseconds } from "./flag-values.js";
import { optional } from "./model/optional.js";
import { helpOnFlags, OneArgument, parseFlags } from "./read/arguments.js";
import { replayTable } from "./read/option-table.js";
import { readToldTypes } from "./told-types.js";

const help = (): string => `nanowire replay CAPTURE --url URL

Says to a server what clients said in a capture of nanowire tap, each over a connection of its own and in the same order, and compares what it answers. What the
server speaks it tells itself, where it has reflection on; else name --proto or --descriptors. docs/capture.md tells more.

Exit codes: 0 all is as it was captured, 1 something differs, 2 nothing was tried, or the replay broke off.

Flags:
${helpOnFlags(replayTable)}`;

/** What is asked of \`nanowire/capture\`: an entry of the package, which the generator knows by its public name alone. */
interface CaptureEntry {
  readonly runReplay: (options: {
    readonly capture: string;
    readonly url: string;
    readonly descriptors?: string | Uint8Array;
    readonly speed?: number;
    readonly ignore?: readonly string[];
    readonly skip?: readonly string[];
    readonly pushes?: boolean;
    readonly user?: unknown;
    readonly timeoutMs?: number;
    readonly serializer?: "protobuf" | "json";
    readonly report?: string;
    readonly out?: string;
    readonly caFile?: string;
    readonly signal?: AbortSignal;
  }) => Promise<number>;
}

const entryName = "nanowire/capture";

/** `nanowire replay`. @returns 0 when all is as it was captured, 1 when something differs, 2 when nothing was tried */
export async function runReplayCommand(args: readonly string[], context: CommandContext): Promise<number> {
  const { print, untilStopped } = context;
  const argument = new OneArgument();
  const flags = parseFlags(args, "replay", replayTable, argument.take);
  if (flags.help === true) {
    print(help());
    return 0;
  }
  const capture = argument.value;
  const { url, ignore, skip, pushes, serializer, report, out, ca } = flags;
  if (capture === undefined || url === undefined) {
    const what = capture === undefined ? "name a capture, as nanowire tap writes it" : "--url names the server";
    throw GeneratorError.of(`${what}: nanowire replay capture.jsonl --url ws://127.0.0.1:3250`);
  }
  const options = {
    capture,
    url,
    ...optional("descriptors", await readToldTypes(context, flags)),
    ...optional("speed", readSpeed(flags.speed)),
    ...optional("ignore", ignore),
    ...optional("skip", skip),
    ...optional("pushes", pushes),
    ...optional("user", readJson("--user", flags.user)),
    ...optional("timeoutMs", readMilliseconds("--timeout", flags.timeout)),
    ...optional("serializer", serializer),
    ...optional("report", report),
    ...optional("out", out),
    ...optional("caFile", ca),
  };
  const { runReplay } = (await import(entryName)) as CaptureEntry;
  return await runReplay({ ...options, ...optional("signal", untilStopped?.()) });
}

function readSpeed(text: string | undefined): number | undefined {
  if (text === undefined || text === "max") {
    return undefined;
  }
  const speed = Number(text);
  if (!/^\d+(?:\.\d+)?$/.test(text) || speed <= 0 || speed > 1_000) {
    throw GeneratorError.of(`--speed cannot be ${text}: write max, or a number up to 1000`);
  }
  return speed;
}
