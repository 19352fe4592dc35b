import { readFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { GeneratorError, type Problem } from "../error.js";
import { ruleNames } from "../model/breaking-rules.js";
import type { Choices } from "../model/choices.js";
import { type JsonNode, parseJson } from "../model/json.js";
import { optional } from "../model/optional.js";
import { didYouMean } from "../near.js";
import { onceEach } from "./once-each.js";
import {
  choose,
  expectationOf,
  type GivenOptions,
  keyOf,
  type OptionRow,
  type OptionValues,
  optionsAt,
  optionTable,
  rowOf,
  toOptionValues,
} from "./option-table.js";

/** What to generate, from where, and where to. Paths are relative to the working directory, with forward slashes. */
export interface Settings {
  /** The folders that imports are relative to; at least one. */
  readonly protoRoots: readonly string[];
  readonly outDirectory: string;
  readonly lockFile: string;
  readonly choices: Choices;
  /** The folder of the user's own templates. */
  readonly templatesDirectory?: string;
  /** The file for the descriptors that tools read. */
  readonly descriptorsFile?: string;
  /** The folder for the pages that `nanowire docs` writes. */
  readonly docsDirectory: string;
  /** The folder of the user's components: `nanowire sync` looks for them there, and writes new ones there. */
  readonly componentsDirectory: string;
  /** What `nanowire lint` does not tell: `RULE`, or `RULE path` for a file or folder. */
  readonly lintIgnore: readonly string[];
  /** Rules of `nanowire breaking` that are not told. */
  readonly breakingIgnore: readonly string[];
}

/** What a project's configuration says: its options, and what is none. What is absent was not said. */
interface Config {
  readonly options: OptionValues;
  readonly lintIgnore?: readonly string[];
  readonly breakingIgnore?: readonly string[];
}

const configFile = "nanowire.config.json";
/** The keys of what `nanowire lint` and `nanowire breaking` are told: not one option each, but an object, `{ "ignore": [...] }`. */
const lintKey = "lint";
const breakingKey = "breaking";
const ignoreKey = "ignore";

/**
 * Reads the project's configuration, `nanowire.config.json` or the key "nanowire" of package.json, and puts the flags over it.
 *
 * @param directory the working directory
 * @throws GeneratorError for JSON that is none, an unknown key, one that stands twice, a value of another type, or two configurations
 */
export function readSettings(directory: string, flags: OptionValues): Settings {
  const { options: config, lintIgnore = [], breakingIgnore = [] } = readConfig(directory);
  const protoRoots = (flags.proto ?? config.proto ?? ["proto"]).map((root) => tidyPath(directory, root));
  const path = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : tidyPath(directory, text);
  const outDirectory = tidyPath(directory, flags.out ?? config.out ?? "generated");
  if (outDirectory.split("/").includes("node_modules")) {
    throw GeneratorError.of(
      `the folder for what is generated is ${outDirectory}, and the next npm install would take it away: name a folder of your own with --out DIR`,
    );
  }
  return {
    protoRoots: [...new Set(protoRoots)],
    outDirectory,
    lockFile: tidyPath(directory, flags.lock ?? config.lock ?? `${protoRoots[0] ?? "proto"}/routes.lock.json`),
    choices: choose(flags, config),
    ...optional("templatesDirectory", path(flags.templates ?? config.templates)),
    ...optional("descriptorsFile", path(flags.descriptors ?? config.descriptors)),
    docsDirectory: tidyPath(directory, config.docs ?? optionTable.docs.default),
    componentsDirectory: tidyPath(directory, flags.components ?? config.components ?? optionTable.components.default),
    lintIgnore,
    breakingIgnore,
  };
}

/** `./proto/`, `proto` and `/work/project/proto` → `proto`. */
export function tidyPath(directory: string, path: string): string {
  const tidied = relative(directory, resolve(directory, path)).split(sep).join("/");
  return tidied === "" ? "." : tidied;
}

/** The name in the working directory's package.json, if there is one. */
export function readPackageName(directory: string): string | undefined {
  const name = memberOf(readObject(directory, "package.json"), "name")?.value;
  return typeof name === "string" && name !== "" ? name : undefined;
}

function readConfig(directory: string): Config {
  const own = readObject(directory, configFile);
  const ofPackage = memberOf(readObject(directory, "package.json"), "nanowire");
  if (own !== undefined && ofPackage !== undefined) {
    throw GeneratorError.of(
      `there are two configurations, ${configFile} and the key "nanowire" of package.json: keep one`,
    );
  }
  const config = own ?? ofPackage;
  return config === undefined ? { options: {} } : checkConfig(config);
}

function readObject(directory: string, file: string): JsonNode | undefined {
  let text: string;
  try {
    text = readFileSync(join(directory, file), "utf8");
  } catch {
    return undefined;
  }
  const node = parseJson(text, file);
  if (!isObject(node.value)) {
    throw new GeneratorError([{ message: "this is not a JSON object", place: node.place }]);
  }
  return node;
}

function memberOf(node: JsonNode | undefined, key: string): JsonNode | undefined {
  return node?.members.find((member) => member.key === key)?.node;
}

function checkConfig(config: JsonNode): Config {
  if (!isObject(config.value)) {
    throw new GeneratorError([{ message: '"nanowire" is not a JSON object', place: config.place }]);
  }
  const problems: Problem[] = [];
  const names = optionsAt("key");
  const keys = [...names.map(keyOf), lintKey, breakingKey];
  const given: GivenOptions = {};
  let lintIgnore: readonly string[] | undefined;
  let breakingIgnore: readonly string[] | undefined;
  for (const { key, place, node } of onceEach(config, problems)) {
    const name = names.find((known) => keyOf(known) === key);
    if (key === lintKey) {
      lintIgnore = readLint(node, problems);
    } else if (key === breakingKey) {
      breakingIgnore = readBreaking(node, problems);
    } else if (name === undefined) {
      const message = `there is no key "${key}"${didYouMean(key, keys)} (known: ${keys.join(", ")})`;
      problems.push({ message, place });
    } else {
      const row = rowOf(name);
      const read = readJson(row, node.value);
      if (read === undefined) {
        problems.push({ message: `"${key}" is not ${expectationOf(row)}`, place: node.place });
      } else {
        given[name] = read;
      }
    }
  }
  if (problems.length > 0) {
    throw new GeneratorError(problems);
  }
  return {
    options: toOptionValues(given),
    ...optional("lintIgnore", lintIgnore),
    ...optional("breakingIgnore", breakingIgnore),
  };
}

/** `{ "ignore": ["RULE", "RULE proto/folder"] }` */
function readLint(node: JsonNode, problems: Problem[]): readonly string[] | undefined {
  const ignore = readIgnore(node, lintKey, problems);
  if (ignore === undefined) {
    return undefined;
  }
  const { value, place } = ignore;
  if (!Array.isArray(value) || !value.every(isPath)) {
    problems.push({ message: '"lint.ignore" is not a list of rules: ["RULE", "RULE proto/folder"]', place });
    return undefined;
  }
  return value;
}

/** `{ "ignore": ["ORDER_CHANGED"] }` */
function readBreaking(node: JsonNode, problems: Problem[]): readonly string[] | undefined {
  const ignore = readIgnore(node, breakingKey, problems);
  if (ignore === undefined) {
    return undefined;
  }
  const { value, place } = ignore;
  if (!Array.isArray(value) || !value.every(isPath)) {
    problems.push({ message: '"breaking.ignore" is not a list of rules: ["ORDER_CHANGED"]', place });
    return undefined;
  }
  for (const rule of value.filter((name) => !ruleNames.includes(name))) {
    const message = `there is no rule ${rule}${didYouMean(rule, ruleNames)} (docs/breaking.md lists them)`;
    problems.push({ message, place });
  }
  return value;
}

/** What stands under "ignore", the only key of an object; undefined when nothing does, or it is no such object. */
function readIgnore(node: JsonNode, key: string, problems: Problem[]): JsonNode | undefined {
  if (!isObject(node.value)) {
    problems.push({ message: `"${key}" is not an object: { "ignore": ["RULE"] }`, place: node.place });
    return undefined;
  }
  const members = onceEach(node, problems);
  for (const member of members.filter((candidate) => candidate.key !== ignoreKey)) {
    const message = `there is no key "${member.key}" in "${key}"${didYouMean(member.key, [ignoreKey])} (known: ${ignoreKey})`;
    problems.push({ message, place: member.place });
  }
  return members.find((member) => member.key === ignoreKey)?.node;
}

/** Reads an option's value: undefined when the option cannot be that. */
function readJson(row: OptionRow, value: unknown): string | boolean | readonly string[] | undefined {
  switch (row.kind) {
    case "switch":
      return typeof value === "boolean" ? value : undefined;
    case "choice":
      return row.values?.find((allowed) => allowed === value);
    case "folders": {
      const folders: readonly unknown[] = Array.isArray(value) ? value : [value];
      return folders.length > 0 && folders.every(isPath) ? folders : undefined;
    }
    default:
      return isPath(value) ? value : undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPath(value: unknown): value is string {
  return typeof value === "string" && value !== "" && !value.includes("\0");
}
