import type { CommandContext } from "./command-context.js";
import type { Generated } from "./generate.js";
import { formatRoutesLock } from "./model/routes-lock.js";
import { descriptorsMark, printDescriptors } from "./print/descriptors.js";
import type { Settings } from "./read/config.js";
import { type MarkedFile, type MarkedFilesPlan, planMarkedFiles, writeMarkedFiles } from "./write/marked-files.js";
import { type OutputPlan, type OutputReader, planOutput, writeFile, writeOutput } from "./write/output.js";

/**
 * Writes what has changed, and tells what it wrote.
 *
 * @param lockText what the lock's file holds; undefined when it is not there
 * @param reader reads the generated files that are there. Default: from the disk
 * @throws GeneratorError when a file of the user's own stands where a generated one belongs; then nothing is written
 */
export function writeGenerated(
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

/** Tells what would be written. @returns the exit code: 1 when something would */
export function checkGenerated(
  generated: Generated,
  lockText: string | undefined,
  settings: Settings,
  { directory, print, printError }: CommandContext,
): number {
  const { plan, tools, others } = planAll(directory, settings, generated, lockText);
  const stale = [
    ...[...plan.changed.keys()].map((path) => `${path} is stale`),
    ...plan.stale.map((path) => `${path} is left over`),
    ...others.map((path) => `${path} is stale`),
  ];
  if (stale.length === 0) {
    print(`${plan.unchanged.length + tools.unchanged.length} files are up to date`);
    return 0;
  }
  for (const line of stale) {
    printError(line);
  }
  printError("run nanowire generate, and commit what it writes");
  return 1;
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
