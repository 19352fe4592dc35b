import type { CommandContext } from "./command-context.js";
import { formatProblem, GeneratorError, type Problem } from "./error.js";
import { helpOnFlags, OneArgument, parseFlags } from "./read/arguments.js";
import { upTable } from "./read/option-table.js";
import { type Mistake, readUpFile } from "./read/up-file.js";

const defaultFile = "nanowire.up.json";

const help = (): string => `nanowire up [FILE]

Starts the processes that FILE names (default: ${defaultFile}), role after role, and sees to it that they are there: whoever dies is
started anew. The processes of a role listen on one port.

  { "roles": [ { "name": "room", "entry": "dist/room.js", "instances": 2 }, { "name": "gate", "entry": "dist/gate.js", "instances": "cores" } ] }

SIGTERM and SIGINT stop everything in order, a second one at once. SIGHUP puts new processes in the place of the old ones, one after the
other. docs/up.md tells more.

Flags:
${helpOnFlags(upTable)}`;

/** What is asked of \`nanowire/up\`: an entry of the package, which the generator knows by its public name alone. */
interface UpEntry {
  readonly findUpMistakes: (config: unknown, directory: string) => readonly Mistake[];
  readonly runUp: (config: unknown, options: { directory: string; signal?: AbortSignal }) => Promise<number>;
}

const entryName = "nanowire/up";

/** `nanowire up`. @returns 0 when everything was started, and ended when it was asked to, else 1 */
export async function runUpCommand(args: readonly string[], context: CommandContext): Promise<number> {
  const { directory: workingDirectory, print, printError, untilStopped } = context;
  const path = new OneArgument();
  let problems: readonly Problem[];
  try {
    const { help: asksForHelp } = parseFlags(args, "up", upTable, path.take);
    if (asksForHelp === true) {
      print(help());
      return 0;
    }
    const { directory, value, problemsOf } = readUpFile(workingDirectory, path.value ?? defaultFile);
    const { findUpMistakes, runUp } = (await import(entryName)) as UpEntry;
    problems = problemsOf(findUpMistakes(value, directory));
    if (problems.length === 0) {
      return await runUp(value, { directory, ...(untilStopped === undefined ? {} : { signal: untilStopped() }) });
    }
  } catch (error) {
    if (!(error instanceof GeneratorError)) {
      throw error;
    }
    problems = error.problems;
  }
  for (const problem of problems) {
    printError(formatProblem(problem));
  }
  printError(problems.length === 1 ? "nothing was started" : `${problems.length} errors; nothing was started`);
  return 1;
}
