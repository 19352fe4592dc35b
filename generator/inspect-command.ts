import type { CommandContext } from "./command-context.js";
import { readModel } from "./generate.js";
import { printSummary } from "./print/summary.js";
import { compileProject } from "./project.js";
import { helpOnFlags, parseFlags } from "./read/arguments.js";
import { readSettings } from "./read/config.js";
import { inspectTable } from "./read/option-table.js";
import { readOwnPackage } from "./read/package-root.js";
import { findPeers } from "./read/peers.js";

const help = (): string => `nanowire inspect [flags]

Tells what the .proto files declare and what would be generated of it. Writes nothing.

Flags:
${helpOnFlags(inspectTable)}

A route that the lock does not know yet is shown with the code that nanowire generate would give it.`;

/** `nanowire inspect`: prints the model. */
export async function runInspect(args: readonly string[], { directory, print }: CommandContext): Promise<number> {
  const { json, help: asksForHelp, ...flags } = parseFlags(args, "inspect", inspectTable);
  if (asksForHelp === true) {
    print(help());
    return 0;
  }
  const own = readOwnPackage();
  const settings = readSettings(directory, flags);
  const [requireBuf, requireTsProto] = findPeers(own, directory, ["@bufbuild/buf", "ts-proto"]);
  const { model } = readModel(await compileProject(directory, settings, own, { requireBuf, requireTsProto }));
  print(json === true ? JSON.stringify(model, undefined, 2) : printSummary(model));
  return 0;
}
