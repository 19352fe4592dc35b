import { chmodSync, lstatSync, readlinkSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { GeneratorError, WriteError } from "../error.js";
import { deadLinkText, fileFault } from "../file-fault.js";
import { makeFolder } from "./make-folder.js";

/** Of a file's mode: its owner, its group or anybody may write it. */
const writeBits = 0o222;

/**
 * Writes a file under another name and renames it: whoever reads sees the old text or the new one. A link stays a link, and what it
 * leads to is written; permissions stay.
 *
 * @param path relative to the working directory, with forward slashes
 * @throws WriteError when the file system says no
 */
export function writeWholeFile(directory: string, path: string, text: string): void {
  try {
    replace(resolve(directory, path), text);
  } catch (error) {
    const fault = fileFault(error);
    throw fault === undefined ? error : new WriteError(`${path} cannot be written: ${fault}`);
  }
}

function replace(path: string, text: string): void {
  const target = isLink(path) ? realpathSync(path) : path;
  const folder = dirname(target);
  makeFolder(folder);
  const mode = statSync(target, { throwIfNoEntry: false })?.mode;
  // A name that is short, so that it is none too long where that of the file is not.
  const temporary = join(folder, `.nanowire-${process.pid}.tmp`);
  try {
    writeFileSync(temporary, text);
    if (mode !== undefined) {
      chmodSync(temporary, mode);
    }
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * Refuses files that nobody may write, before anything is written: one that is there and read-only is so on purpose, though it could
 * be replaced in a folder that can be written.
 *
 * @throws GeneratorError with every one that is read-only
 */
export function refuseReadOnly(directory: string, paths: readonly string[]): void {
  const readOnly = paths.filter((path) => {
    const mode = statSync(resolve(directory, path), { throwIfNoEntry: false })?.mode;
    return mode !== undefined && (mode & writeBits) === 0;
  });
  if (readOnly.length > 0) {
    throw new GeneratorError(
      readOnly.map((path) => ({
        message: `${path} is read-only, and something in it has to change: let it be written, as with chmod u+w`,
      })),
    );
  }
}

/**
 * Refuses a link that leads nowhere: a file that is linked to is not the same as none.
 *
 * @throws GeneratorError when the path is such a link
 */
export function refuseDeadLink(directory: string, path: string): void {
  const absolute = resolve(directory, path);
  if (isLink(absolute)) {
    throw GeneratorError.of(deadLinkText(path, readlinkSync(absolute)));
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}
