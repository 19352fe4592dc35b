import type { CommandContext } from "./command-context.js";
import { formatProblem, GeneratorError } from "./error.js";
import { readModel } from "./generate.js";
import { importSuffix } from "./model/choices.js";
import type { ComponentKind } from "./model/components.js";
import { compileProject } from "./project.js";
import { helpOnFlags, parseFlags } from "./read/arguments.js";
import { readSettings } from "./read/config.js";
import { syncTable } from "./read/option-table.js";
import { readOwnPackage } from "./read/package-root.js";
import { findPeers } from "./read/peers.js";
import { readUserSources } from "./read/source-files.js";
import { planSync, type SyncPlan } from "./scaffold/sync.js";
import type { TypeScript } from "./scaffold/syntax.js";
import { createUserFile, replaceUserFile } from "./write/user-file.js";

const help = (): string => `nanowire sync [flags]

Writes a class for each HANDLER or REMOTE service that has none yet, and adds to the classes that are there the methods of new
rpcs and the imports that these need. Nothing that you wrote is changed or deleted: what does not fit any more is told.

Flags:
${helpOnFlags(syncTable)}`;

/** What becomes of a new class. */
const uses: Readonly<Record<ComponentKind, string>> = {
  HANDLER: "hand an instance to createServer({ components: [...] })",
  REMOTE: "other nodes of a cluster call it, no client does",
};

/** `nanowire sync`: brings the user's components in step with the .proto files, by adding only. */
export async function runSync(args: readonly string[], context: CommandContext): Promise<number> {
  const { check, help: asksForHelp, ...flags } = parseFlags(args, "sync", syncTable);
  if (asksForHelp === true) {
    context.print(help());
    return 0;
  }
  const { directory } = context;
  const settings = readSettings(directory, flags);
  if (settings.choices.side === "client") {
    throw GeneratorError.of('the configuration says "side": "client", and only a server has components: leave it out');
  }
  const own = readOwnPackage();
  const [requireBuf, requireTsProto, requireTsMorph] = findPeers(own, directory, [
    "@bufbuild/buf",
    "ts-proto",
    "ts-morph",
  ]);
  const { components } = readModel(await compileProject(directory, settings, own, { requireBuf, requireTsProto }));
  const plan = planSync({
    directory,
    outDirectory: settings.outDirectory,
    componentsDirectory: settings.componentsDirectory,
    importSuffix: importSuffix(settings.choices),
    components: components(),
    sources: readUserSources(directory, settings.componentsDirectory, settings.outDirectory),
    loadTypeScript: () => {
      const { ts }: { readonly ts: TypeScript } = requireTsMorph("ts-morph");
      return ts;
    },
  });
  const code = check === true ? reportCheck(plan, context) : carryOut(plan, context);
  for (const problem of plan.reports) {
    context.printError(formatProblem(problem));
  }
  return code;
}

function carryOut(plan: SyncPlan, { directory, print }: CommandContext): number {
  for (const { path, text, component } of plan.created) {
    createUserFile(directory, path, text);
    print(`wrote ${path}: class ${component.className} (${component.protoName}); ${uses[component.kind]}`);
  }
  for (const { path, before, text, completed } of plan.changed) {
    replaceUserFile(directory, path, before, text);
    for (const { name, methods } of completed) {
      print(`added to ${name} in ${path}: ${methods.join(", ")}`);
    }
  }
  const counts = [`${plan.created.length} written`, `${plan.changed.length} added to`, `${plan.complete} complete`];
  if (plan.reports.length > 0) {
    counts.push(`${plan.reports.length} to look at`);
  }
  print(counts.join(", "));
  return 0;
}

function reportCheck(plan: SyncPlan, { print, printError }: CommandContext): number {
  for (const { path, component } of plan.created) {
    printError(`${path} would be written: class ${component.className} (${component.protoName})`);
  }
  for (const { path, completed } of plan.changed) {
    for (const { name, methods } of completed) {
      printError(`${name} in ${path} lacks ${methods.join(", ")}`);
    }
  }
  if (plan.created.length + plan.changed.length > 0) {
    printError("run nanowire sync, and fill in what it writes");
    return 1;
  }
  print(`${plan.complete} complete`);
  return 0;
}
