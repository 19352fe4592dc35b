import { create, createFileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { CommandContext } from "./command-context.js";
import { GeneratorError } from "./error.js";
import { isWithin } from "./folders.js";
import { readModel } from "./generate.js";
import { buildDocs } from "./model/docs.js";
import { type RoutesLock, sortedRoutes } from "./model/routes-lock.js";
import { asyncApiMark, printAsyncApi } from "./print/asyncapi.js";
import { htmlMark, printHtml } from "./print/docs-html.js";
import { markdownMark, printMarkdown } from "./print/docs-markdown.js";
import { compileProject } from "./project.js";
import { helpOnFlags, parseFlags } from "./read/arguments.js";
import { readPackageName, readSettings, tidyPath } from "./read/config.js";
import { sha256Hex } from "./read/hash.js";
import { docsTable } from "./read/option-table.js";
import { readOwnPackage } from "./read/package-root.js";
import { findPeers } from "./read/peers.js";
import { type MarkedFile, planMarkedFiles, writeMarkedFiles } from "./write/marked-files.js";

/** How many routes an error names. */
const shownRoutes = 5;

const help = (): string => `nanowire docs [flags]

Writes what the .proto files declare as pages to read: protocol.md, protocol.html (one page that needs nothing else) and
asyncapi.json (an AsyncAPI 3.0 document).

Flags:
${helpOnFlags(docsTable)}

Run nanowire generate first: the pages tell the codes that the lock keeps.`;

/** `nanowire docs`: writes the pages, or with --check tells which are stale. */
export async function runDocs(args: readonly string[], context: CommandContext): Promise<number> {
  const { directory, print, printError } = context;
  const { out, title: saidTitle, check, help: asksForHelp, ...flags } = parseFlags(args, "docs", docsTable);
  if (asksForHelp === true) {
    print(help());
    return 0;
  }
  const settings = readSettings(directory, flags);
  const folder = out === undefined ? settings.docsDirectory : tidyPath(directory, out);
  const root = settings.protoRoots.find((proto) => proto !== "." && isWithin(folder, proto));
  if (root !== undefined) {
    throw GeneratorError.of(
      `the folder for the pages is ${folder}, among the .proto files of ${root}: name another one with --out DIR`,
    );
  }
  const title = saidTitle ?? readPackageName(directory) ?? "Protocol";
  const own = readOwnPackage();
  const [requireBuf, requireTsProto] = findPeers(own, directory, ["@bufbuild/buf", "ts-proto"]);
  const project = await compileProject(directory, settings, own, { requireBuf, requireTsProto });
  const { model, lock, descriptors } = readModel(project);
  refuseUnknownCodes(project.lock, lock, settings.lockFile);
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [...descriptors] }));
  const docs = buildDocs(model, descriptors, registry, title);
  const prefix = folder === "." ? "" : `${folder}/`;
  const files: MarkedFile[] = [
    { path: `${prefix}asyncapi.json`, text: printAsyncApi(docs, registry), mark: asyncApiMark },
    { path: `${prefix}protocol.html`, text: printHtml(docs, sha256Hex), mark: htmlMark },
    { path: `${prefix}protocol.md`, text: printMarkdown(docs), mark: markdownMark },
  ];
  const plan = planMarkedFiles(directory, files, "name another folder with --out DIR");
  if (check !== true) {
    writeMarkedFiles(directory, plan);
    for (const { path } of plan.changed) {
      print(`wrote ${path}`);
    }
    print(`${plan.changed.length} written, ${plan.unchanged.length} unchanged`);
    return 0;
  }
  for (const { path } of plan.changed) {
    printError(`${path} is stale`);
  }
  if (plan.changed.length > 0) {
    printError("run nanowire docs, and commit what it writes");
    return 1;
  }
  print(`${plan.unchanged.length} files are up to date`);
  return 0;
}

/** What is published must be what is kept: a code that only would be given may be another one tomorrow. */
function refuseUnknownCodes(kept: RoutesLock, wanted: RoutesLock, lockFile: string): void {
  const unknown = sortedRoutes(wanted.routes).filter(([route, code]) => kept.routes.get(route) !== code);
  if (unknown.length > 0) {
    const some = unknown.slice(0, shownRoutes).map(([route]) => route);
    const more = unknown.length - some.length;
    const routes = more === 0 ? some.join(", ") : `${some.join(", ")} and ${more} more`;
    throw GeneratorError.of(`${lockFile} does not keep the codes of ${routes} yet: run nanowire generate first`);
  }
}
