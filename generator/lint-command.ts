import type { CommandContext } from "./command-context.js";
import { formatPlace, GeneratorError, type Problem } from "./error.js";
import { isWithin } from "./folders.js";
import { type Finding, lintFiles } from "./lint/lint.js";
import { lintRuleNames } from "./lint/rules.js";
import { ownProtoFile } from "./model/messages.js";
import { OptionReader } from "./model/options.js";
import { readServices, type SourceFile } from "./model/services.js";
import { SourceIndex } from "./model/source.js";
import { didYouMean } from "./near.js";
import { helpOnFlags, parseFlags } from "./read/arguments.js";
import { compileProtoFiles } from "./read/buf.js";
import { type BufConfig, bufLint, bufLintRules, modulePaths } from "./read/buf-lint.js";
import { readSettings } from "./read/config.js";
import { decodeDescriptorSet } from "./read/descriptor-set.js";
import { lintTable } from "./read/option-table.js";
import { readOwnOptions, readOwnPackage } from "./read/package-root.js";
import { findBufBinary, findPeers } from "./read/peers.js";
import { type ProtoFile, readProtoFiles } from "./read/proto-files.js";
import { rulesProtoFrom } from "./read/rules-proto.js";
import { readIfThere } from "./write/output.js";

const help = (): string => `nanowire lint [flags]

Holds .proto files against buf's rules (those of the project's buf.yaml; without one STANDARD, less what does not fit) and
against nanowire's own: ${lintRuleNames.join(", ")}.
docs/lint.md tells about each. A comment above a thing silences a rule there: // nanowire:lint:ignore RULE reason

Flags:
${helpOnFlags(lintTable)}

nanowire.config.json, or the key "nanowire" of package.json, may silence rules: { "lint": { "ignore": ["RULE", "RULE proto/folder"] } }`;

/** `nanowire lint`. @returns 0 when nothing was found, else 1 */
export async function runLint(args: readonly string[], context: CommandContext): Promise<number> {
  const { help: asksForHelp, ...flags } = parseFlags(args, "lint", lintTable);
  if (asksForHelp === true) {
    context.print(help());
    return 0;
  }
  const { directory } = context;
  const settings = readSettings(directory, flags);
  const own = readOwnPackage();
  const files = readProtoFiles(directory, settings.protoRoots);
  const [requireBuf] = findPeers(own, directory, ["@bufbuild/buf"]);
  const bufBinary = findBufBinary(requireBuf);
  const optionsProto = readOwnOptions(own);
  const rules = rulesProtoFrom(own, directory);
  const compiled = await compileProtoFiles(bufBinary, files, optionsProto, { rules });
  await assertRules(settings.lintIgnore, bufBinary);
  const findings: Finding[] = [
    ...(await bufLint(bufBinary, files, optionsProto, readBufConfig(directory, settings.protoRoots), rules)),
    ...lintCompiled(compiled, files),
  ];
  const told = findings.filter((finding) => !isIgnored(finding, settings.lintIgnore)).sort(byPlace);
  for (const { rule, place, message } of told) {
    context.print(`${formatPlace(place)}: ${rule}: ${message}`);
  }
  const count = files.filter(({ name }) => name !== ownProtoFile).length;
  const inFiles = `in ${count} ${count === 1 ? "file" : "files"}`;
  if (told.length === 0) {
    context.print(`nothing found ${inFiles}`);
    return 0;
  }
  context.print(`${told.length} found ${inFiles}`);
  return 1;
}

/** Refuses to ignore a rule that there is not: it was meant to be another. */
async function assertRules(ignored: readonly string[], bufBinary: string): Promise<void> {
  const isOwn = (rule: string): boolean => lintRuleNames.some((name) => name === rule);
  const others = ignored.map((entry) => entry.trim().split(/\s+/, 1)[0] ?? "").filter((rule) => !isOwn(rule));
  const bufRules = others.length === 0 ? [] : await bufLintRules(bufBinary);
  const unknown = bufRules.length === 0 ? [] : others.filter((rule) => !bufRules.includes(rule));
  if (unknown.length > 0) {
    throw new GeneratorError(
      unknown.map((rule) => ({
        message: `"lint.ignore": there is no rule ${rule}${didYouMean(rule, [...lintRuleNames, ...bufRules])} (docs/lint.md lists Nanowire's, \`buf config ls-lint-rules\` buf's)`,
      })),
    );
  }
}

function lintCompiled(compiled: Uint8Array, files: readonly ProtoFile[]): Finding[] {
  const descriptors = decodeDescriptorSet(compiled);
  const byName = new Map(descriptors.map((descriptor) => [descriptor.name, descriptor]));
  const sources = files.flatMap(({ name, path }): SourceFile[] => {
    const descriptor = name === ownProtoFile ? undefined : byName.get(name);
    return descriptor === undefined ? [] : [{ descriptor, source: new SourceIndex(descriptor, path) }];
  });
  const problems: Problem[] = [];
  const reader = new OptionReader(descriptors);
  const services = sources.map((file) => readServices(file, reader, problems));
  if (problems.length > 0) {
    throw new GeneratorError(problems);
  }
  return lintFiles(sources, services);
}

/** The project's own configuration of buf, in the working directory or in a folder of .proto files. */
function readBufConfig(directory: string, roots: readonly string[]): BufConfig | undefined {
  for (const folder of [".", ...roots]) {
    const files = ["buf.yaml", "buf.lock", "buf.work.yaml"].flatMap((name) => {
      const text = readIfThere(directory, `${folder}/${name}`);
      return text === undefined ? [] : [{ name, bytes: new TextEncoder().encode(text) }];
    });
    const config = files.find(({ name }) => name === "buf.yaml");
    if (config !== undefined) {
      const isInRoot = folder !== ".";
      const modules = isInRoot ? [] : modulePaths(new TextDecoder().decode(config.bytes));
      const others = otherModules(modules, roots).flatMap((module) => readModule(directory, module));
      return { files, isInRoot, firstRoot: roots[0] ?? ".", others };
    }
  }
  return undefined;
}

/**
 * The modules of a buf.yaml that hold none of the given folders and are held by none.
 *
 * @throws GeneratorError for a folder that is in no module: buf would not see it
 */
function otherModules(modules: readonly string[], roots: readonly string[]): string[] {
  const meet = (module: string, root: string): boolean => isWithin(module, root) || isWithin(root, module);
  const unseen = roots.filter((root) => modules.length > 0 && !modules.some((module) => meet(module, root)));
  if (unseen.length > 0) {
    throw new GeneratorError(
      unseen.map((root) => ({
        message: `buf.yaml has no module for ${root}, so buf's rules would not see it: add \`- path: ${root}\` to its modules`,
      })),
    );
  }
  return modules.filter((module) => !roots.some((root) => meet(module, root)));
}

/** The .proto files of a module. When they cannot be read, buf tells what is wrong with buf.yaml. */
function readModule(directory: string, module: string): ProtoFile[] {
  try {
    return readProtoFiles(directory, [module]);
  } catch (error) {
    if (error instanceof GeneratorError) {
      return [];
    }
    throw error;
  }
}

/** `RULE`, or `RULE path` for a file or all files of a folder. */
function isIgnored({ rule, place }: Finding, ignored: readonly string[]): boolean {
  return ignored.some((entry) => {
    const [name, path] = entry.trim().split(/\s+/, 2);
    const folder = path?.replace(/^\.\//, "").replace(/\/$/, "");
    return name === rule && (folder === undefined || place.file === folder || place.file.startsWith(`${folder}/`));
  });
}

function byPlace(a: Finding, b: Finding): number {
  const files = a.place.file < b.place.file ? -1 : a.place.file > b.place.file ? 1 : 0;
  return files || a.place.line - b.place.line || a.place.column - b.place.column || (a.rule < b.rule ? -1 : 1);
}
