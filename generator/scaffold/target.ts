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
 * Refuses a path at which no folder can be made.
 *
 * @throws GeneratorError when a file, or a link that leads nowhere, stands there or where a folder above it belongs
 */
export function checkFolder(directory: string, folder: string): void {
  const parts = resolve(directory, folder).split(sep);
  for (let length = 1; length <= parts.length; length++) {
    const path = parts.slice(0, length).join(sep) || sep;
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) {
      return;
    }
    const target = statSync(path, { throwIfNoEntry: false });
    if (target?.isDirectory() !== true) {
      const what = target === undefined ? "a link that leads nowhere" : "a file";
      throw GeneratorError.of(`${path} is ${what}, and no folder: move it away, or name another folder`);
    }
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
    if (!/^[\w.+~^<>=*| :@/#-]+$/.test(version)) {
      throw GeneratorError.of(`--nanowire ${version} is no version: write one as package.json has it, as in ^0.1.0`);
    }
    return version;
  }
  const path = resolve(directory, version);
  if (statSync(path, { throwIfNoEntry: false }) === undefined) {
    throw GeneratorError.of(`--nanowire ${version} is not there: name a version, or a file made by npm pack`);
  }
  return `file:${relative(resolve(directory, folder), path).split(sep).join("/")}`;
}
