import type { CommandContext } from "./command-context.js";
import { GeneratorError } from "./error.js";
import { readPort } from "./flag-values.js";
import { optional } from "./model/optional.js";
import { helpOnFlags, OneArgument, parseFlags } from "./read/arguments.js";
import { tapTable } from "./read/option-table.js";
import { readToldTypes } from "./told-types.js";

const tokenVariable = "NANOWIRE_STUDIO_TOKEN";

const help = (): string => `nanowire tap SOURCE

Tells what clients and a server say, as lines of JSON, each with its route and its message. SOURCE is a file of packets (pcap or pcapng; - for standard
input, as in tcpdump -w - | nanowire tap -), or the URL of a running server's studio, http://127.0.0.1:7350: then it goes on until it is ended.
Handshake data and fields that are marked debug_redact are left out. docs/capture.md tells each line.

Exit codes: 0 all was read, 1 the file or the server broke off, 2 nothing was tried: a flag, a file or the URL is wrong.

Flags:
${helpOnFlags(tapTable)}`;

/** What is asked of \`nanowire/capture\`: an entry of the package, which the generator knows by its public name alone. */
interface CaptureEntry {
  readonly runTap: (options: {
    readonly source: string;
    readonly descriptors?: string | Uint8Array;
    readonly reflection?: string;
    readonly ports?: readonly number[];
    readonly routes?: readonly string[];
    readonly sessions?: readonly string[];
    readonly token?: string;
    readonly serializer?: "protobuf" | "json";
    readonly secrets?: boolean;
    readonly heartbeats?: boolean;
    readonly out?: string;
    readonly signal?: AbortSignal;
  }) => Promise<number>;
}

const entryName = "nanowire/capture";

/** `nanowire tap`. @returns 0 when all was read, 1 when it broke off, 2 when nothing was tried */
export async function runTapCommand(args: readonly string[], context: CommandContext): Promise<number> {
  const { print, untilStopped } = context;
  const argument = new OneArgument();
  const flags = parseFlags(args.map(asFile), "tap", tapTable, argument.take);
  if (flags.help === true) {
    print(help());
    return 0;
  }
  const source = argument.value;
  if (source === undefined) {
    throw GeneratorError.of("name a file of packets, or the URL of a server's studio: http://127.0.0.1:7350");
  }
  const isServer = /^https?:/.test(source);
  const { reflection, port, route, session, serializer, secrets, heartbeats, out } = flags;
  const options = {
    source: source === standardInput ? "-" : source,
    ...optional("descriptors", await readToldTypes(context, flags)),
    ...optional("reflection", reflection),
    ...optional(
      "ports",
      port?.map((text) => readPort("--port", text)),
    ),
    ...optional("routes", route),
    ...optional("sessions", session),
    ...optional("token", flags.token ?? (isServer ? process.env[tokenVariable] : undefined)),
    ...optional("serializer", serializer),
    ...optional("secrets", secrets),
    ...optional("heartbeats", heartbeats),
    ...optional("out", out),
  };
  const { runTap } = (await import(entryName)) as CaptureEntry;
  return await runTap({ ...options, ...optional("signal", untilStopped?.()) });
}

/** What stands for `-`, which is no flag. */
const standardInput = "/dev/stdin";

function asFile(argument: string): string {
  return argument === "-" ? standardInput : argument;
}
