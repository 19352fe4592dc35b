import { fromBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { CommandContext } from "./command-context.js";
import { GeneratorError } from "./error.js";
import { fileErrorText } from "./file-fault.js";
import { type Contract, compareContracts, type Finding, formatFinding, sortFindings } from "./model/breaking.js";
import { explainWireFinding } from "./model/breaking-messages.js";
import { readContract } from "./model/contract.js";
import { type Use, usesOfTypes } from "./model/message-uses.js";
import { type AgainstTree, readAgainst } from "./read/against.js";
import { type BreakingFlags, parseBreakingFlags } from "./read/breaking-arguments.js";
import { compileProtoFiles } from "./read/buf.js";
import { findWireChanges } from "./read/buf-breaking.js";
import { readSettings, tidyPath } from "./read/config.js";
import { readOwnOptions, readOwnPackage } from "./read/package-root.js";
import { findBufBinary, findPeers } from "./read/peers.js";
import { optionsFileName, readProtoFiles } from "./read/proto-files.js";
import { rulesFileName, rulesProtoFrom } from "./read/rules-proto.js";
import { readIfThere } from "./write/output.js";

const help = `nanowire breaking --against REF|PATH [flags]

Compares the .proto files and the lock with those of another version, and tells what old clients of a new server, or new clients
of an old one, would notice. docs/breaking.md lists the rules.

Flags:
  --against REF        a commit of git: a branch, a tag, HEAD~1; its files are read without checking it out
  --against PATH       a folder of .proto files, or a file made by \`buf build -o FILE.binpb\`
  --against-lock FILE  the lock of that version (default: at the same path in the commit, routes.lock.json in the folder)
  --proto DIR          a folder of .proto files; may be given more than once (default: proto)
  --lock FILE          the file that keeps the routes' codes (default: routes.lock.json in the first folder of --proto)
  --json, --no-json    whether clients may speak JSON, which knows fields by their names (default: they may)
  --ignore RULE        say nothing of a rule; may be given more than once, also as { "breaking": { "ignore": [...] } } in the configuration
  --format text|json   how to print (default: text)

Exit codes: 0: nothing breaks, 1: something does, 2: it could not be found out.`;

const exitCodes = { fine: 0, breaking: 1, failed: 2 } as const;

/** `nanowire breaking`: tells what the other side would notice. */
export async function runBreaking(args: readonly string[], context: CommandContext): Promise<number> {
  try {
    const flags = parseBreakingFlags(args);
    if (flags.help) {
      context.print(help);
      return exitCodes.fine;
    }
    const against = flags.against ?? "";
    const { findings, ignored } = await findBreaking(context.directory, against, flags);
    report(findings, ignored, against, flags, context);
    return findings.some(({ severity }) => severity === "breaking") ? exitCodes.breaking : exitCodes.fine;
  } catch (error) {
    const told = error instanceof GeneratorError ? error.message : fileErrorText(error, context.directory);
    if (told === undefined) {
      throw error;
    }
    context.printError(told);
    return exitCodes.failed;
  }
}

async function findBreaking(
  directory: string,
  against: string,
  flags: BreakingFlags,
): Promise<{ readonly findings: readonly Finding[]; readonly ignored: number }> {
  const { proto, lock, json } = flags;
  const settings = readSettings(directory, {
    check: false,
    help: false,
    ...(proto === undefined ? {} : { proto }),
    ...(lock === undefined ? {} : { lock }),
    ...(json === undefined ? {} : { json }),
  });
  const own = readOwnPackage();
  const [requireBuf] = findPeers(own, directory, ["@bufbuild/buf"]);
  const bufBinary = findBufBinary(requireBuf);
  const optionsProto = readOwnOptions(own);
  const rules = rulesProtoFrom(own, directory);
  const files = readProtoFiles(directory, settings.protoRoots);
  const old = await readAgainst(
    directory,
    {
      against,
      lockFile: flags.againstLock === undefined ? undefined : tidyPath(directory, flags.againstLock),
    },
    settings,
    bufBinary,
    optionsProto,
    rules,
  );
  const compiled = await compileProtoFiles(bufBinary, files, optionsProto, { rules });
  const paths = new Map(files.map((file) => [file.name, file.path]));
  const now: AgainstTree = {
    compiled,
    own: paths,
    lockText: readIfThere(directory, settings.lockFile),
    lockFile: settings.lockFile,
  };
  const [before, after] = [readTree(old, "old"), readTree(now, "new")];

  const byName = new Map(after.files.map((file) => [file.name, file]));
  const uses = joinUses(
    usesOfTypes(before.files, before.contract.services),
    usesOfTypes(after.files, after.contract.services),
  );
  // nanowire's own file, and protovalidate's, are those of this version on one side or both: no promise of the project's.
  const wire = findWireChanges(bufBinary, old.compiled, compiled, settings.choices.json)
    .filter((found) => found.proto !== optionsFileName && found.proto !== rulesFileName)
    .map((found) => explainWireFinding(found, byName, uses, (name) => paths.get(name) ?? name));
  const all = sortFindings([...compareContracts(before.contract, after.contract), ...wire]);
  const ignore = new Set([...settings.breakingIgnore, ...flags.ignore]);
  const findings = all.filter(({ rule }) => !ignore.has(rule));
  return { findings, ignored: all.length - findings.length };
}

function readTree(
  { compiled, own, lockText, lockFile }: AgainstTree,
  age: "old" | "new",
): { readonly files: readonly FileDescriptorProto[]; readonly contract: Contract } {
  const { file: files } = fromBinary(FileDescriptorSetSchema, compiled);
  return { files, contract: readContract(files, own, lockText, lockFile, age) };
}

/** A message counts as sent when it was or is. */
function joinUses(
  before: ReadonlyMap<string, ReadonlySet<Use>>,
  after: ReadonlyMap<string, ReadonlySet<Use>>,
): Map<string, ReadonlySet<Use>> {
  const names = new Set([...before.keys(), ...after.keys()]);
  return new Map([...names].map((name) => [name, new Set([...(before.get(name) ?? []), ...(after.get(name) ?? [])])]));
}

function report(
  findings: readonly Finding[],
  ignored: number,
  against: string,
  { format }: BreakingFlags,
  { print }: CommandContext,
): void {
  if (format === "json") {
    print(JSON.stringify({ against, findings, ignored }, null, 2));
    return;
  }
  for (const finding of findings) {
    print(formatFinding(finding, against));
  }
  const count = (severity: Finding["severity"]): number =>
    findings.filter((finding) => finding.severity === severity).length;
  const warnings = count("warning");
  print(
    `${count("breaking")} breaking, ${warnings} ${warnings === 1 ? "warning" : "warnings"}, ${count("info")} to know${ignored === 0 ? "" : `; ${ignored} ignored`}`,
  );
}
