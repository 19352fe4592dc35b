import type { CommandContext } from "./command-context.js";
import { readPort } from "./flag-values.js";
import { optional } from "./model/optional.js";
import { helpOnFlags, OneArgument, parseFlags } from "./read/arguments.js";
import { readDescriptorsInput } from "./read/descriptors-input.js";
import { studioTable } from "./read/option-table.js";

const tokenVariable = "NANOWIRE_STUDIO_TOKEN";

const help = (): string => `nanowire studio [URL]

Shows the studio of a running server on this machine: its sessions, groups, nodes, routes, messages, metrics, and a form for each request. URL is where the
server's own studio listens (createServer({ inspectors: [studio()] })); default: http://127.0.0.1:7350/. Its token is taken from the environment,
${tokenVariable}, and never is in a browser. The address that is printed lets in whoever has it. docs/studio.md tells more.

Exit codes: 0 it was ended, 1 the server does not answer, or not to that token, 2 a flag, a file or the URL is wrong.

Flags:
${helpOnFlags(studioTable)}`;

/** What is asked of \`nanowire/studio\`: an entry of the package, which the generator knows by its public name alone. */
interface StudioEntry {
  readonly runStudio: (options: {
    readonly url?: string;
    readonly token?: string;
    readonly port?: number;
    readonly descriptors?: Uint8Array;
    readonly signal?: AbortSignal;
    readonly print: (line: string) => void;
    readonly printError: (line: string) => void;
  }) => Promise<number>;
}

const entryName = "nanowire/studio";

/** `nanowire studio`. @returns 0 when it was ended, 1 when the server does not answer, 2 when nothing was tried */
export async function runStudioCommand(args: readonly string[], context: CommandContext): Promise<number> {
  const { directory, print, printError, untilStopped } = context;
  const argument = new OneArgument();
  const flags = parseFlags(args, "studio", studioTable, argument.take);
  if (flags.help === true) {
    print(help());
    return 0;
  }
  const url = argument.value;
  const { descriptors, port } = flags;
  const options = {
    ...optional("url", url),
    // A variable that is empty is one that is not there.
    ...optional("token", process.env[tokenVariable] || undefined),
    ...optional("port", port === undefined ? undefined : readPort("--port", port, 0)),
    ...optional("descriptors", descriptors === undefined ? undefined : readDescriptorsInput(directory, descriptors)),
  };
  const { runStudio } = (await import(entryName)) as StudioEntry;
  return await runStudio({ ...options, ...optional("signal", untilStopped?.()), print, printError });
}
