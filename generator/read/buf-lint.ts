import { GeneratorError, type Place } from "../error.js";
import { parseAnnotation, runBuf } from "./buf.js";
import { optionsFileName, type ProtoFile } from "./proto-files.js";
import { type RulesProto, rulesEntry } from "./rules-proto.js";
import { packTar, type TarEntry } from "./tar.js";

/** Something that a rule of buf's does not like. */
export interface BufFinding {
  readonly rule: string;
  readonly place: Place;
  readonly message: string;
}

/** A project's own configuration of buf. */
export interface BufConfig {
  /** `buf.yaml`, `buf.lock`, `buf.work.yaml`: relative to the folder that they stand in. */
  readonly files: readonly TarEntry[];
  /** Whether that folder is one that imports are relative to; else it is the working directory. */
  readonly isInRoot: boolean;
  /** The first folder that imports are relative to. */
  readonly firstRoot: string;
  /** The .proto files of its other modules, which are not linted here; buf wants some in every module. */
  readonly others: readonly ProtoFile[];
}

/** The folders of the modules that a buf.yaml names, `- path: proto`; none for one that names none: its own folder is the module. */
export function modulePaths(yaml: string): string[] {
  return [...yaml.matchAll(/^[ \t]*(?:-[ \t]+)?path:[ \t]*(["']?)([^"'#\s]+)\1[ \t]*(?:#.*)?$/gm)].map(
    ([, , path = ""]) => path.replace(/^\.\/(?=.)/, "").replace(/\/$/, ""),
  );
}

/** How a buf.yaml names protovalidate's rules. */
const rulesDependency = "/bufbuild/protovalidate";
const userModule = "proto";
const ownModule = "nanowire";
/** What is linted by when the project has no buf.yaml. docs/lint.md says the same. */
export const defaultExceptions = [
  "SERVICE_SUFFIX",
  "RPC_REQUEST_STANDARD_NAME",
  "RPC_RESPONSE_STANDARD_NAME",
  "RPC_REQUEST_RESPONSE_UNIQUE",
] as const;
const defaultConfig = [
  "version: v2",
  "modules:",
  `  - path: ${userModule}`,
  `  - path: ${ownModule}`,
  "lint:",
  "  use:",
  "    - STANDARD",
  "  except:",
  ...defaultExceptions.map((rule) => `    - ${rule}`),
  "",
].join("\n");

/**
 * Runs `buf lint` on .proto files, without writing any.
 *
 * @param config the project's own rules; undefined: STANDARD with {@link defaultExceptions}
 * @param rules makes protovalidate's file, where one of the user's imports it; a buf.yaml that names it among its `deps` has it from there
 * @throws GeneratorError when buf cannot lint them: a buf.yaml that is wrong, or names what is not there
 */
export async function bufLint(
  bufBinary: string,
  files: readonly ProtoFile[],
  optionsProto: Uint8Array,
  config: BufConfig | undefined,
  rules?: RulesProto,
): Promise<BufFinding[]> {
  const own = files.filter(({ name }) => name !== optionsFileName);
  const paths = new Map<string, string>();
  const entries: TarEntry[] = [];
  for (const { name, path, bytes } of config === undefined ? own : files) {
    const entry = config === undefined ? `${userModule}/${name}` : config.isInRoot ? name : path;
    entries.push({ name: entry, bytes });
    paths.set(entry, path);
  }
  if (config === undefined) {
    entries.push({ name: "buf.yaml", bytes: new TextEncoder().encode(defaultConfig) });
    entries.push({ name: `${ownModule}/${optionsFileName}`, bytes: optionsProto });
    entries.push(...rulesEntry(files, `${ownModule}/`, rules));
  } else {
    entries.push(...config.files, ...config.others.map(({ path, bytes }) => ({ name: path, bytes })));
    const folder = config.isInRoot || config.firstRoot === "." ? "" : `${config.firstRoot}/`;
    const all = [...files, ...config.others];
    if (!all.some(({ name }) => name === optionsFileName)) {
      entries.push({ name: folder + optionsFileName, bytes: optionsProto });
    }
    if (!config.files.some(({ bytes }) => new TextDecoder().decode(bytes).includes(rulesDependency))) {
      entries.push(...rulesEntry(all, folder, rules));
    }
  }
  const args = ["lint", "-#format=tar", "--error-format", "json"];
  const { exitCode, stdout, stderr } = await runBuf(bufBinary, args, packTar(entries));
  const lines = new TextDecoder().decode(stdout).split("\n");
  const findings = lines.flatMap((line) => parseAnnotation(line, paths) ?? []);
  if (exitCode !== 0 && findings.length === 0) {
    throw GeneratorError.of(`buf could not lint the .proto files: ${stderr.trim() || "it said nothing"}`);
  }
  return findings.flatMap(({ rule, place, message }) =>
    // Nanowire's own file is not the user's to change.
    place === undefined || ![...paths.values()].includes(place.file) || place.file.endsWith(`/${optionsFileName}`)
      ? []
      : [{ rule, place, message }],
  );
}

/** The names of buf's own rules, and of those of plugins that the buf.yaml in the working directory has; none when buf does not tell. */
export async function bufLintRules(bufBinary: string): Promise<string[]> {
  const args = ["config", "ls-lint-rules", "--format", "json"];
  const { exitCode, stdout } = await runBuf(bufBinary, args, new Uint8Array(0));
  const lines = exitCode === 0 ? new TextDecoder().decode(stdout).split("\n") : [];
  return lines.flatMap((line) => /^\{"id":"([A-Z\d_]+)"/.exec(line)?.[1] ?? []);
}
