import type { CommandContext } from "./command-context.js";
import { formatProblem, GeneratorError, WriteError } from "./error.js";
import { fileErrorText } from "./file-fault.js";
import { didYouMean } from "./near.js";

/** A command: what it does with the arguments after its name. @returns the exit code */
type Command = (args: readonly string[], context: CommandContext) => Promise<number>;

/** A command that tries something out: where a flag, a file or a URL is wrong that is told, nothing was tried, and the exit code is 2. */
function trying(command: Command): Command {
  return async (args, context) => {
    try {
      return await command(args, context);
    } catch (error) {
      if (!(error instanceof GeneratorError)) {
        throw error;
      }
      for (const problem of error.problems) {
        context.printError(formatProblem(problem));
      }
      return 2;
    }
  };
}

/** Each is loaded when it is called: `nanowire --help` waits for none of them. */
const commands: Readonly<Record<string, { readonly summary: string; readonly load: () => Promise<Command> }>> = {
  generate: {
    summary: "make codecs, stubs, proxies and the route dictionary of .proto files",
    load: async () => (await import("./generate-command.js")).runGenerate,
  },
  init: {
    summary: "make a project that runs: a .proto file, a server, a client, a test",
    load: async () => (await import("./init-command.js")).runInit,
  },
  sync: {
    summary: "write the classes of new services, and the methods of new rpcs into those that are there",
    load: async () => (await import("./sync-command.js")).runSync,
  },
  lint: {
    summary: "hold .proto files against buf's rules and those of real time",
    load: async () => (await import("./lint-command.js")).runLint,
  },
  inspect: {
    summary: "tell what the .proto files declare, as text or as JSON",
    load: async () => (await import("./inspect-command.js")).runInspect,
  },
  docs: {
    summary: "write the protocol's pages: Markdown, HTML and AsyncAPI",
    load: async () => (await import("./docs-command.js")).runDocs,
  },
  breaking: {
    summary: "tell what clients or servers of another version would notice",
    load: async () => (await import("./breaking-command.js")).runBreaking,
  },
  tap: {
    summary: "tell what clients and a server say, live or out of a file of packets, as lines of JSON",
    load: async () => trying((await import("./tap-command.js")).runTapCommand),
  },
  replay: {
    summary: "say it again to another build, and compare what it answers",
    load: async () => trying((await import("./replay-command.js")).runReplayCommand),
  },
  dissector: {
    summary: "write a dissector for Wireshark, which names routes, messages and fields",
    load: async () => (await import("./dissector-command.js")).runDissectorCommand,
  },
  repl: {
    summary: "try a server out: call its routes, and see what it pushes, by hand or by a script",
    load: async () => trying((await import("./repl-command.js")).runReplCommand),
  },
  studio: {
    summary: "show the sessions, messages, metrics of a running server on a page, and try its routes there",
    load: async () => trying((await import("./studio-command.js")).runStudioCommand),
  },
  bots: {
    summary: "have many bots play a scenario, for load and for tests, and report how long everything took",
    load: async () => trying((await import("./bots-command.js")).runBotsCommand),
  },
  up: {
    summary: "start the processes of one machine, and see to it that they are there",
    load: async () => (await import("./up-command.js")).runUpCommand,
  },
};

/**
 * Runs `nanowire <command> …`.
 *
 * @param args what stands after `nanowire`
 * @returns the exit code: 0 when all went well, 1 when it did not
 */
export async function runNanowire(args: readonly string[], context: CommandContext): Promise<number> {
  try {
    return await dispatch(args, context);
  } catch (error) {
    const fileError = error instanceof WriteError ? error.message : fileErrorText(error, context.directory);
    if (fileError !== undefined) {
      // What was written before the file system said no is not known here.
      context.printError(fileError);
      return 1;
    }
    if (!(error instanceof GeneratorError)) {
      throw error;
    }
    context.printError(error.message);
    const count = error.problems.length;
    context.printError(count === 1 ? "nothing was written" : `${count} errors; nothing was written`);
    return 1;
  }
}

async function dispatch(args: readonly string[], context: CommandContext): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    context.print(helpText());
    return name === undefined ? 1 : 0;
  }
  if (name === "--version" || name === "-v") {
    const { readOwnPackage } = await import("./read/package-root.js");
    context.print(readOwnPackage().version);
    return 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    const what = name.startsWith("-") ? "flag" : "command";
    const known = [...Object.keys(commands), "--help", "--version"];
    throw GeneratorError.of(`there is no ${what} ${name}${didYouMean(name, known)} (nanowire --help lists them)`);
  }
  return (await command.load())(rest, context);
}

function helpText(): string {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`);
  return `nanowire <command> [flags]

Commands:
${lines.join("\n")}

Flags:
  --help     this text; nanowire <command> --help tells about a command
  --version  nanowire's version`;
}
