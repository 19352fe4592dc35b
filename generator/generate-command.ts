import type { CommandContext } from "./command-context.js";
import { type Generated, generate } from "./generate.js";
import { emptyLock, formatRoutesLock, parseRoutesLock } from "./model/routes-lock.js";
import { helpOnFlags, parseGenerateFlags } from "./read/arguments.js";
import { compileProtoFiles } from "./read/buf.js";
import { readSettings, type Settings } from "./read/config.js";
import { readOwnOptions, readOwnPackage } from "./read/package-root.js";
import { findBufBinary, findPeers } from "./read/peers.js";
import { readProtoFiles } from "./read/proto-files.js";
import { readTemplates } from "./read/templates.js";
import { type OutputPlan, planOutput, readIfThere, writeFile, writeOutput } from "./write/output.js";

const help = (): string => `nanowire generate [flags]

Makes message codecs, component stubs, client proxies and the route dictionary of .proto files, and keeps the routes' codes.

Flags:
${helpOnFlags()}

nanowire.config.json, or the key "nanowire" of package.json, may say the same: { "proto": ["proto"], "importExtension": "js", "json": true }`;

/** `nanowire generate`: reads, generates, and writes what has changed, or with --check tells what would. */
export async function runGenerate(args: readonly string[], context: CommandContext): Promise<number> {
  const flags = parseGenerateFlags(args);
  if (flags.help === true) {
    context.print(help());
    return 0;
  }
  const settings = readSettings(context.directory, flags);
  const { generated, lockText } = await generateProject(context.directory, settings);
  const plan = planOutput(context.directory, settings.outDirectory, generated.files);
  const newLockText = formatRoutesLock(generated.lock);
  const lockIsStale = newLockText !== lockText;
  if (flags.check === true) {
    return reportCheck(plan, lockIsStale ? settings.lockFile : undefined, context);
  }
  // The lock first: should the rest fail, no code is forgotten.
  if (lockIsStale) {
    writeFile(context.directory, settings.lockFile, newLockText);
  }
  writeOutput(context.directory, plan, settings.outDirectory);
  report(plan, lockIsStale ? settings.lockFile : undefined, generated.lock.routes.size, context);
  return 0;
}

/** Reads a project and generates its files, without writing any. */
async function generateProject(
  directory: string,
  settings: Settings,
): Promise<{ readonly generated: Generated; readonly lockText: string | undefined }> {
  const own = readOwnPackage();
  const files = readProtoFiles(directory, settings.protoRoots);
  const lockText = readIfThere(directory, settings.lockFile);
  const lock = lockText === undefined ? emptyLock : parseRoutesLock(lockText, settings.lockFile);
  const [requireBuf, requireTsProto, requireHandlebars] = findPeers(own, directory, [
    "@bufbuild/buf",
    "ts-proto",
    "handlebars",
  ]);
  const compiled = await compileProtoFiles(findBufBinary(requireBuf), files, readOwnOptions(own));
  const generated = generate({
    compiled,
    own: new Map(files.map((file) => [file.name, file.path])),
    lock,
    lockFile: settings.lockFile,
    choices: settings.choices,
    templates: readTemplates(own),
    requireTsProto,
    requireHandlebars,
  });
  return { generated, lockText };
}

function report(plan: OutputPlan, lockFile: string | undefined, routes: number, { print }: CommandContext): void {
  for (const path of plan.changed.keys()) {
    print(`wrote ${path}`);
  }
  for (const path of plan.stale) {
    print(`removed ${path}`);
  }
  if (lockFile !== undefined) {
    print(`wrote ${lockFile}`);
  }
  const counts = [`${plan.changed.size} written`, `${plan.unchanged.length} unchanged`];
  if (plan.stale.length > 0) {
    counts.push(`${plan.stale.length} removed`);
  }
  print(`${counts.join(", ")}; ${routes} ${routes === 1 ? "route" : "routes"}`);
}

function reportCheck(plan: OutputPlan, lockFile: string | undefined, { print, printError }: CommandContext): number {
  const stale = [
    ...[...plan.changed.keys()].map((path) => `${path} is stale`),
    ...plan.stale.map((path) => `${path} is left over`),
    ...(lockFile === undefined ? [] : [`${lockFile} is stale`]),
  ];
  if (stale.length === 0) {
    print(`${plan.unchanged.length} files are up to date`);
    return 0;
  }
  for (const line of stale) {
    printError(line);
  }
  printError("run nanowire generate, and commit what it writes");
  return 1;
}
