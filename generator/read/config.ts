import { readFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { GeneratorError, type Problem } from "../error.js";
import { parseJson } from "../model/json.js";
import { optional } from "../model/options.js";
import { didYouMean } from "../near.js";
import type { ProjectFlags } from "./arguments.js";

/** What to generate, from where, and where to. Paths are relative to the working directory, with forward slashes. */
export interface Settings {
  /** The folders that imports are relative to; at least one. */
  readonly protoRoots: readonly string[];
  readonly outDirectory: string;
  readonly lockFile: string;
  /** Whether JSON codecs are generated too. */
  readonly json: boolean;
  /** The folder of the user's own templates. */
  readonly templatesDirectory?: string;
  /** The file for the descriptors that tools read. */
  readonly descriptorsFile?: string;
  /** The folder for the pages that `nanowire docs` writes. */
  readonly docsDirectory: string;
}

const configFile = "nanowire.config.json";
const configKeys = ["proto", "out", "lock", "json", "templates", "descriptors", "docs"] as const;

/** What a project's configuration says. What is absent was not said. */
interface Config {
  readonly proto?: readonly string[];
  readonly out?: string;
  readonly lock?: string;
  readonly json?: boolean;
  readonly templates?: string;
  readonly descriptors?: string;
  readonly docs?: string;
}

/**
 * Reads the project's configuration, `nanowire.config.json` or the key "nanowire" of package.json, and puts the flags over it.
 *
 * @param directory the working directory
 * @throws GeneratorError for JSON that is none, an unknown key, a value of another type, or two configurations
 */
export function readSettings(directory: string, flags: ProjectFlags): Settings {
  const config = readConfig(directory);
  const protoRoots = (flags.proto ?? config.proto ?? ["proto"]).map((root) => tidyPath(directory, root));
  const path = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : tidyPath(directory, text);
  return {
    protoRoots: [...new Set(protoRoots)],
    outDirectory: tidyPath(directory, flags.out ?? config.out ?? "generated"),
    lockFile: tidyPath(directory, flags.lock ?? config.lock ?? `${protoRoots[0] ?? "proto"}/routes.lock.json`),
    json: flags.json ?? config.json ?? true,
    ...optional("templatesDirectory", path(flags.templates ?? config.templates)),
    ...optional("descriptorsFile", path(flags.descriptors ?? config.descriptors)),
    docsDirectory: tidyPath(directory, config.docs ?? "docs/protocol"),
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
  return ofPackage === undefined ? {} : checkConfig(ofPackage, 'package.json, key "nanowire"');
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
  const wants = (key: string, what: string): void => {
    problems.push({ message: `${where}: "${key}" is not ${what}` });
  };
  for (const key of Object.keys(value)) {
    if (!configKeys.some((known) => known === key)) {
      problems.push({
        message: `${where}: there is no key "${key}"${didYouMean(key, configKeys)} (known: ${configKeys.join(", ")})`,
      });
    }
  }
  const { proto, out, lock, json, templates, descriptors, docs } = value;
  const roots =
    typeof proto === "string" ? [proto] : Array.isArray(proto) && proto.length > 0 ? proto.filter(isPath) : undefined;
  if (
    proto !== undefined &&
    (roots === undefined || (Array.isArray(proto) && roots.length < proto.length) || !roots.every(isPath))
  ) {
    wants("proto", "a folder or a list of folders");
  }
  for (const [key, path] of Object.entries({ out, lock, templates, descriptors, docs })) {
    if (path !== undefined && !isPath(path)) {
      wants(key, "a path");
    }
  }
  if (json !== undefined && typeof json !== "boolean") {
    wants("json", "true or false");
  }
  if (problems.length > 0) {
    throw new GeneratorError(problems);
  }
  return {
    ...(roots === undefined ? {} : { proto: roots }),
    ...(isPath(out) ? { out } : {}),
    ...(isPath(lock) ? { lock } : {}),
    ...(typeof json === "boolean" ? { json } : {}),
    ...(isPath(templates) ? { templates } : {}),
    ...(isPath(descriptors) ? { descriptors } : {}),
    ...(isPath(docs) ? { docs } : {}),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPath(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
