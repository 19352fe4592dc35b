import type { CommandContext } from "./command-context.js";
import { GeneratorError } from "./error.js";
import { readNumber } from "./flag-values.js";
import { optional } from "./model/optional.js";
import { helpOnFlags, OneArgument, parseFlags } from "./read/arguments.js";
import { bundleScenario } from "./read/bundle-scenario.js";
import { botsTable } from "./read/option-table.js";
import { readOwnPackage } from "./read/package-root.js";

const help = (): string => `nanowire bots SCENARIO --url URL

Has many bots play a scenario, a file of TypeScript or JavaScript that exports it as its default, and reports how often each route was
called, what failed, and how long everything took. docs/bots.md tells how to write one.

  nanowire bots bots/chat.ts --url ws://127.0.0.1:3250 --bots 2000 --ramp 10s --for 60s --threshold 'errors<1%' --html report.html

Ctrl-C ends it early, with a report. Times are written with their unit: 250ms, 10s, 5m, 1h.
Exit codes: 0 every threshold holds, 1 one does not, 2 nothing was tried: a flag, or the scenario, is wrong.

Flags:
${helpOnFlags(botsTable)}`;

/** What is asked of \`nanowire/bots\`: an entry of the package, which the generator knows by its public name alone. */
interface BotsEntry {
  readonly runBotsProgram: (options: {
    readonly scenario: string;
    readonly url: string;
    readonly bots?: number;
    readonly ramp?: string;
    readonly for?: string;
    readonly grace?: string;
    readonly processes?: number;
    readonly thresholds?: readonly string[];
    readonly seed?: number;
    readonly directory: string;
    readonly json?: string;
    readonly html?: string;
    readonly signal?: AbortSignal;
  }) => Promise<number>;
}

const entryName = "nanowire/bots";

/** `nanowire bots`. @returns 0 when every threshold holds, 1 when one does not, 2 when nothing was tried */
export async function runBotsCommand(args: readonly string[], context: CommandContext): Promise<number> {
  const { directory, print, untilStopped } = context;
  const argument = new OneArgument();
  const flags = parseFlags(args, "bots", botsTable, argument.take);
  if (flags.help === true) {
    print(help());
    return 0;
  }
  const file = argument.value;
  const { url, ramp, for: length, grace, threshold: thresholds, json, html } = flags;
  if (file === undefined) {
    throw GeneratorError.of("there is no scenario: nanowire bots SCENARIO --url URL");
  }
  if (url === undefined) {
    throw GeneratorError.of("--url must be given: --url ws://127.0.0.1:3250");
  }
  const bots = readNumber("--bots", flags.bots);
  const processes = readNumber("--processes", flags.processes);
  const seed = readNumber("--seed", flags.seed);
  const scenario = await bundleScenario(readOwnPackage(), directory, file);
  try {
    const { runBotsProgram } = (await import(entryName)) as BotsEntry;
    return await runBotsProgram({
      scenario: scenario.path,
      url,
      directory,
      ...optional("bots", bots),
      ...optional("processes", processes),
      ...optional("ramp", ramp),
      ...optional("for", length),
      ...optional("grace", grace),
      ...optional("thresholds", thresholds),
      ...optional("seed", seed),
      ...optional("json", json),
      ...optional("html", html),
      ...optional("signal", untilStopped?.()),
    });
  } finally {
    scenario.remove();
  }
}
