import { readFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { GeneratorError, type Problem } from "../error.js";
import { ruleNames } from "../model/breaking-rules.js";
import type { Choices } from "../model/choices.js";
import { parseJson } from "../model/json.js";
import { optional } from "../model/optional.js";
import { didYouMean } from "../near.js";
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
/** The key of what `nanowire lint` is told: not one option, but an object. */
const lintKey = "lint";
const keysOfLint = ["ignore"] as const;
/** The key of what `nanowire breaking` is told: `{ "ignore": [...] }`. */
const breakingKey = "breaking";

/**
 * Reads the project's configuration, `nanowire.config.json` or the key "nanowire" of package.json, and puts the flags over it.
 *
 * @param directory the working directory
 * @throws GeneratorError for JSON that is none, an unknown key, a value of another type, or two configurations
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
  const name = readObject(directory, "package.json")?.["name"];
  return typeof name === "string" && name !== "" ? name : undefined;
}

function readConfig(directory: string): Config {
  const own = readObject(directory, configFile);
  const ofPackage = readObject(directory, "package.json")?.["nanowire"];
  if (own !== undefined && ofPackage !== undefined) {
    throw GeneratorError.of(
      `there are two configurations, ${configFile} and the key "nanowire" of package.json: keep one`,
    );
  }
  if (own !== undefined) {
    return checkConfig(own, configFile);
  }
  return ofPackage === undefined ? { options: {} } : checkConfig(ofPackage, 'package.json, key "nanowire"');
}

function readObject(directory: string, file: string): Record<string, unknown> | undefined {
  let text: string;
  try {
    text = readFileSync(join(directory, file), "utf8");
  } catch {
    return undefined;
  }
  const { value } = parseJson(text, file);
  if (!isObject(value)) {
    throw GeneratorError.of(`${file} is not a JSON object`);
  }
  return value;
}

function checkConfig(value: unknown, where: string): Config {
  if (!isObject(value)) {
    throw GeneratorError.of(`${where}: not a JSON object`);
  }
  const problems: Problem[] = [];
  const names = optionsAt("key");
  const keys = [...names.map(keyOf), lintKey, breakingKey];
  const given: GivenOptions = {};
  let breakingIgnore: readonly string[] = [];
  for (const [key, said] of Object.entries(value)) {
    if (key === lintKey) {
      continue;
    }
    if (key === breakingKey) {
      const rules = readIgnored(said);
      if (rules === undefined) {
        problems.push({ message: `${where}: "${key}" is not { "ignore": [ rules of docs/breaking.md ] }` });
      }
      breakingIgnore = rules ?? [];
      continue;
    }
    const name = names.find((known) => keyOf(known) === key);
    if (name === undefined) {
      problems.push({
        message: `${where}: there is no key "${key}"${didYouMean(key, keys)} (known: ${keys.join(", ")})`,
      });
      continue;
    }
    const row = rowOf(name);
    const read = readJson(row, said);
    if (read === undefined) {
      problems.push({ message: `${where}: "${key}" is not ${expectationOf(row)}` });
    } else {
      given[name] = read;
    }
  }
  const lintIgnore = readLint(value[lintKey], where, problems);
  if (problems.length > 0) {
    throw new GeneratorError(problems);
  }
  return { options: toOptionValues(given), ...optional("lintIgnore", lintIgnore), breakingIgnore };
}

/** `{ "ignore": ["RULE", "RULE proto/folder"] }` */
function readLint(value: unknown, where: string, problems: Problem[]): readonly string[] | undefined {
  if (value === undefined) {
    return undefined;
  }
  if (!isObject(value)) {
    problems.push({ message: `${where}: "lint" is not an object: { "ignore": ["RULE"] }` });
    return undefined;
  }
  for (const key of Object.keys(value)) {
    if (!keysOfLint.some((known) => known === key)) {
      problems.push({ message: `${where}: there is no key "${key}" in "lint"${didYouMean(key, keysOfLint)}` });
    }
  }
  const { ignore = [] } = value;
  if (!Array.isArray(ignore) || !ignore.every(isPath)) {
    problems.push({ message: `${where}: "lint.ignore" is not a list of rules: ["RULE", "RULE proto/folder"]` });
    return undefined;
  }
  return ignore.filter(isPath);
}

/** The rules of `{ "ignore": ["ORDER_CHANGED"] }`, or undefined when it is another thing. */
function readIgnored(value: unknown): readonly string[] | undefined {
  if (!isObject(value) || Object.keys(value).some((key) => key !== "ignore")) {
    return undefined;
  }
  const rules: unknown = value["ignore"] ?? [];
  return Array.isArray(rules) && rules.every((rule) => ruleNames.includes(rule)) ? rules : undefined;
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
  return typeof value === "string" && value !== "";
}
