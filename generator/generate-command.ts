import type { CommandContext } from "./command-context.js";
import { type Generated, generate } from "./generate.js";
import { formatRoutesLock } from "./model/routes-lock.js";
import { descriptorsMark, printDescriptors } from "./print/descriptors.js";
import { compileProject } from "./project.js";
import { helpOnFlags, parseFlags } from "./read/arguments.js";
import { readSettings, type Settings } from "./read/config.js";
import { optionTable } from "./read/option-table.js";
import { readOwnPackage } from "./read/package-root.js";
import { findPeers } from "./read/peers.js";
import { readTemplates } from "./read/templates.js";
import { type MarkedFile, type MarkedFilesPlan, planMarkedFiles, writeMarkedFiles } from "./write/marked-files.js";
import { type OutputPlan, type OutputReader, planOutput, writeFile, writeOutput } from "./write/output.js";

const help = (): string => `nanowire generate [flags]

Makes message codecs, component stubs, client proxies and the route dictionary of .proto files, and keeps the routes' codes.

Flags:
${helpOnFlags(optionTable)}

nanowire.config.json, or the key "nanowire" of package.json, may say the same: { "proto": ["proto"], "importExtension": "js", "json": true }`;

/** `nanowire generate`: reads, generates, and writes what has changed, or with --check tells what would. */
export async function runGenerate(args: readonly string[], context: CommandContext): Promise<number> {
  const flags = parseFlags(args, "generate", optionTable);
  if (flags.help === true) {
    context.print(help());
    return 0;
  }
  if (flags.watch === true) {
    // Told to end before it has begun, it ends as it does later.
    const stop = context.untilStopped?.() ?? new AbortController().signal;
    const { watchProject } = await import("./watch.js");
    return watchProject(flags, context, stop, writeGenerated);
  }
  const settings = readSettings(context.directory, flags);
  const { generated, lockText } = await generateProject(context.directory, settings);
  if (flags.check === true) {
    const { plan, tools, others } = planAll(context.directory, settings, generated, lockText);
    return reportCheck(plan, others, tools.unchanged.length, context);
  }
  writeGenerated(generated, lockText, settings, context);
  return 0;
}

/** Compares what was generated with what is there: code, files for tools, the lock. */
function planAll(
  directory: string,
  settings: Settings,
  generated: Generated,
  lockText: string | undefined,
  reader?: OutputReader,
): { plan: OutputPlan; tools: MarkedFilesPlan; others: readonly string[]; newLockText: string } {
  const plan = planOutput(directory, settings.outDirectory, generated.files, reader);
  const tools = planMarkedFiles(directory, toolFiles(settings, generated), "name another file with --descriptors FILE");
  const newLockText = formatRoutesLock(generated.lock);
  const others = [...tools.changed.map(({ path }) => path), ...(newLockText === lockText ? [] : [settings.lockFile])];
  return { plan, tools, others, newLockText };
}

/** Writes what has changed, and tells what it wrote. */
function writeGenerated(
  generated: Generated,
  lockText: string | undefined,
  settings: Settings,
  context: CommandContext,
  reader?: OutputReader,
): void {
  const { directory } = context;
  const { plan, tools, others, newLockText } = planAll(directory, settings, generated, lockText, reader);
  // The lock first: should the rest fail, no code is forgotten.
  if (newLockText !== lockText) {
    writeFile(directory, settings.lockFile, newLockText);
  }
  writeOutput(directory, plan, settings.outDirectory);
  writeMarkedFiles(directory, tools);
  report(plan, others, generated.lock.routes.size, context);
}

/** Reads a project and generates its files, without writing any. */
async function generateProject(
  directory: string,
  settings: Settings,
): Promise<{ readonly generated: Generated; readonly lockText: string | undefined }> {
  const own = readOwnPackage();
  const [requireBuf, requireTsProto, requireHandlebars] = findPeers(own, directory, [
    "@bufbuild/buf",
    "ts-proto",
    "handlebars",
  ]);
  const templates = readTemplates(own, { directory, folder: settings.templatesDirectory });
  const peers = { requireBuf, requireTsProto };
  const { lockText, ...input } = await compileProject(directory, settings, own, peers, () =>
    requireHandlebars("handlebars"),
  );
  return { generated: generate({ ...input, templates, requireHandlebars }), lockText };
}

/** What is written for tools, beside the code. */
function toolFiles({ descriptorsFile }: Settings, { model, descriptors, own }: Generated): MarkedFile[] {
  return descriptorsFile === undefined
    ? []
    : [{ path: descriptorsFile, text: printDescriptors(model.protocol, descriptors, own), mark: descriptorsMark }];
}

function report(plan: OutputPlan, others: readonly string[], routes: number, { print }: CommandContext): void {
  for (const path of plan.changed.keys()) {
    print(`wrote ${path}`);
  }
  for (const path of plan.stale) {
    print(`removed ${path}`);
  }
  for (const path of others) {
    print(`wrote ${path}`);
  }
  const counts = [`${plan.changed.size} written`, `${plan.unchanged.length} unchanged`];
  if (plan.stale.length > 0) {
    counts.push(`${plan.stale.length} removed`);
  }
  print(`${counts.join(", ")}; ${routes} ${routes === 1 ? "route" : "routes"}`);
}

function reportCheck(
  plan: OutputPlan,
  others: readonly string[],
  othersUpToDate: number,
  { print, printError }: CommandContext,
): number {
  const stale = [
    ...[...plan.changed.keys()].map((path) => `${path} is stale`),
    ...plan.stale.map((path) => `${path} is left over`),
    ...others.map((path) => `${path} is stale`),
  ];
  if (stale.length === 0) {
    print(`${plan.unchanged.length + othersUpToDate} files are up to date`);
    return 0;
  }
  for (const line of stale) {
    printError(line);
  }
  printError("run nanowire generate, and commit what it writes");
  return 1;
}
