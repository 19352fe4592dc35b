import { lstatSync, statSync } from "node:fs";
import { basename, relative, resolve, sep } from "node:path";
import { GeneratorError } from "../error.js";

/** The name of a folder. */
export function folderName(directory: string, folder: string): string {
  return basename(resolve(directory, folder));
}

/** Whether something stands at a path, a broken link too; or whether a file stands where a folder of it belongs. */
export function isThere(directory: string, path: string): boolean {
  try {
    lstatSync(resolve(directory, path));
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOTDIR";
  }
}

/**
 * What package.json says for a version or a file: `^0.1.0`, or `file:../nanowire-0.1.0.tgz`.
 *
 * @throws GeneratorError for a file that is not there
 */
export function packageSpecifier(directory: string, folder: string, version: string): string {
  // A specifier of npm's own, `file:…`, `git+ssh:…`, goes as it is; one letter and a colon is a drive.
  const isFile = !/^[a-z+]{2,}:/.test(version) && (version.endsWith(".tgz") || /[/\\]/.test(version));
  if (!isFile) {
    return version;
  }
  const path = resolve(directory, version);
  if (statSync(path, { throwIfNoEntry: false }) === undefined) {
    throw GeneratorError.of(`--nanowire ${version} is not there: name a version, or a file made by npm pack`);
  }
  return `file:${relative(resolve(directory, folder), path).split(sep).join("/")}`;
}
