import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { GeneratorError, WriteError } from "../error.js";
import { fileFault } from "../file-fault.js";
import { makeFolder } from "./make-folder.js";
import { refuseReadOnly, writeWholeFile } from "./whole-file.js";

/**
 * Writes a file that must not be there yet.
 *
 * @throws GeneratorError when it is, or cannot be written
 */
export function createUserFile(directory: string, path: string, text: string): void {
  const target = resolve(directory, path);
  try {
    makeFolder(dirname(target));
    writeFileSync(target, text, { flag: "wx" });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST" && existsSync(target)) {
      throw GeneratorError.of(`${path} is there already: move it away`);
    }
    const fault = fileFault(error);
    throw fault === undefined ? error : new WriteError(`${path} cannot be written: ${fault}`);
  }
}

/**
 * Replaces a file of the user's at once or not at all. Its permissions stay, and a link stays a link.
 *
 * @param before the text that the new one was made of
 * @throws GeneratorError when the file has changed since, is read-only, or cannot be written
 */
export function replaceUserFile(directory: string, path: string, before: string, text: string): void {
  refuseReadOnly(directory, [path]);
  if (readFileSync(resolve(directory, path), "utf8") !== before) {
    throw GeneratorError.of(`${path} has changed meanwhile: run the command again`);
  }
  writeWholeFile(directory, path, text);
}
