import type { CommandContext } from "./command-context.js";
import { readModel } from "./generate.js";
import { printSummary } from "./print/summary.js";
import { compileProject } from "./project.js";
import { parseInspectFlags } from "./read/arguments.js";
import { readSettings } from "./read/config.js";
import { readOwnPackage } from "./read/package-root.js";
import { findPeers } from "./read/peers.js";

const help = `nanowire inspect [flags]

Tells what the .proto files declare and what would be generated of it. Writes nothing.

Flags:
  --json             the whole model, as the templates get it; docs/model.md tells what each field means
  --proto DIR        a folder of .proto files, the one that imports are relative to; may be given more than once (default: proto)
  --lock FILE        the file that keeps the routes' codes (default: routes.lock.json in the first folder of --proto)

A route that the lock does not know yet is shown with the code that nanowire generate would give it.`;

/** `nanowire inspect`: prints the model. */
export async function runInspect(args: readonly string[], { directory, print }: CommandContext): Promise<number> {
  const flags = parseInspectFlags(args);
  if (flags.help) {
    print(help);
    return 0;
  }
  const own = readOwnPackage();
  const settings = readSettings(directory, flags.project);
  const [requireBuf, requireTsProto] = findPeers(own, directory, ["@bufbuild/buf", "ts-proto"]);
  const { model } = readModel(await compileProject(directory, settings, own, { requireBuf, requireTsProto }));
  print(flags.json ? JSON.stringify(model, undefined, 2) : printSummary(model));
  return 0;
}
