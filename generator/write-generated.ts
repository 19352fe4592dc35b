import type { CommandContext } from "./command-context.js";
import { GeneratorError } from "./error.js";
import { pathIn } from "./folders.js";
import type { Generated } from "./generate.js";
import { formatRoutesLock } from "./model/routes-lock.js";
import { descriptorsMark, printDescriptors } from "./print/descriptors.js";
import type { Settings } from "./read/config.js";
import { type MarkedFile, type MarkedFilesPlan, planMarkedFiles, writeMarkedFiles } from "./write/marked-files.js";
import { type OutputPlan, type OutputReader, planOutput, writeOutput } from "./write/output.js";
import { refuseReadOnly, writeWholeFile } from "./write/whole-file.js";

/** What has to be written: code, files for tools, the lock. */
interface Plan {
  readonly code: OutputPlan;
  readonly tools: MarkedFilesPlan;
  readonly newLockText: string;
  /** What is to be written beside the code. */
  readonly others: readonly string[];
  /** How many files are what they should be, the lock among them. */
  readonly unchanged: number;
}

/**
 * Writes what has changed, and tells what it wrote.
 *
 * @param lockText what the lock's file holds; undefined when it is not there
 * @param reader reads the generated files that are there. Default: from the disk
 * @throws GeneratorError when a file of the user's own stands where a generated one belongs, or two things would be written to one file;
 *   then nothing is written
 */
export function writeGenerated(
  generated: Generated,
  lockText: string | undefined,
  settings: Settings,
  context: CommandContext,
  reader?: OutputReader,
): void {
  const { directory } = context;
  const plan = planAll(directory, settings, generated, lockText, reader);
  // The lock first: should the rest fail, no code is forgotten.
  if (plan.newLockText !== lockText) {
    refuseReadOnly(directory, [settings.lockFile]);
    writeWholeFile(directory, settings.lockFile, plan.newLockText);
  }
  writeOutput(directory, plan.code, settings.outDirectory);
  writeMarkedFiles(directory, plan.tools);
  report(plan, generated.lock.routes.size, context);
}

/** Tells what would be written. @returns the exit code: 1 when something would */
export function checkGenerated(
  generated: Generated,
  lockText: string | undefined,
  settings: Settings,
  { directory, print, printError }: CommandContext,
): number {
  const { code, others, unchanged } = planAll(directory, settings, generated, lockText);
  const stale = [
    ...[...code.changed.keys()].map((path) => `${path} is stale`),
    ...code.stale.map((path) => `${path} is left over`),
    ...others.map((path) => `${path} is stale`),
  ];
  if (stale.length === 0) {
    print(`${unchanged} files are up to date`);
    return 0;
  }
  for (const line of stale) {
    printError(line);
  }
  printError("run nanowire generate, and commit what it writes");
  return 1;
}

/** Compares what was generated with what is there. */
function planAll(
  directory: string,
  settings: Settings,
  generated: Generated,
  lockText: string | undefined,
  reader?: OutputReader,
): Plan {
  refuseShared(settings, generated);
  const code = planOutput(directory, settings.outDirectory, generated.files, reader);
  const tools = planMarkedFiles(directory, toolFiles(settings, generated), "name another file with --descriptors FILE");
  const newLockText = formatRoutesLock(generated.lock);
  const isLockChanged = newLockText !== lockText;
  const others = [...tools.changed.map(({ path }) => path), ...(isLockChanged ? [settings.lockFile] : [])];
  const unchanged = code.unchanged.length + tools.unchanged.length + (isLockChanged ? 0 : 1);
  return { code, tools, newLockText, others, unchanged };
}

/** Of two things that went to one file only the second would be there, and with the lock the codes would be gone. */
function refuseShared({ outDirectory, lockFile, descriptorsFile }: Settings, { files }: Generated): void {
  const code = new Set([...files.keys()].map((name) => pathIn(outDirectory, name)));
  const problems = [
    ...(code.has(lockFile)
      ? [`${lockFile} is one of the generated files: name another one for the lock with --lock FILE`]
      : []),
    ...(descriptorsFile !== undefined && code.has(descriptorsFile)
      ? [
          `${descriptorsFile} is one of the generated files: name another one for the descriptors with --descriptors FILE`,
        ]
      : []),
    ...(descriptorsFile === lockFile
      ? [`${lockFile} is the lock: name another file for the descriptors with --descriptors FILE`]
      : []),
  ];
  if (problems.length > 0) {
    throw new GeneratorError(problems.map((message) => ({ message })));
  }
}

/** What is written for tools, beside the code. */
function toolFiles({ descriptorsFile }: Settings, { model, descriptors, own }: Generated): MarkedFile[] {
  return descriptorsFile === undefined
    ? []
    : [{ path: descriptorsFile, text: printDescriptors(model.protocol, descriptors, own), mark: descriptorsMark }];
}

function report({ code, others, unchanged }: Plan, routes: number, { print }: CommandContext): void {
  for (const path of code.changed.keys()) {
    print(`wrote ${path}`);
  }
  for (const path of code.stale) {
    print(`removed ${path}`);
  }
  for (const path of others) {
    print(`wrote ${path}`);
  }
  const counts = [`${code.changed.size + others.length} written`, `${unchanged} unchanged`];
  if (code.stale.length > 0) {
    counts.push(`${code.stale.length} removed`);
  }
  print(`${counts.join(", ")}; ${routes} ${routes === 1 ? "route" : "routes"}`);
}
