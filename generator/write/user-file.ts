import { chmodSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { GeneratorError } from "../error.js";

/** Of a file's mode: its owner, its group or anybody may write it. */
const writeBits = 0o222;

/**
 * Writes a file that must not be there yet.
 *
 * @throws GeneratorError when it is
 */
export function createUserFile(directory: string, path: string, text: string): void {
  const target = resolve(directory, path);
  mkdirSync(dirname(target), { recursive: true });
  try {
    writeFileSync(target, text, { flag: "wx" });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") {
      throw GeneratorError.of(`${path} is there already: move it away`);
    }
    throw error;
  }
}

/**
 * Refuses files that nobody may write: their owner wants them to stay as they are. Replacing one would go past that.
 *
 * @throws GeneratorError with every one that is read-only
 */
export function refuseReadOnly(directory: string, paths: readonly string[]): void {
  const readOnly = paths.filter((path) => (statSync(resolve(directory, path)).mode & writeBits) === 0);
  if (readOnly.length > 0) {
    throw new GeneratorError(
      readOnly.map((path) => ({
        message: `${path} is read-only, and would be added to: let it be written with chmod u+w, and run the command again`,
      })),
    );
  }
}

/**
 * Replaces a file of the user's at once or not at all. Its permissions stay, and a link stays a link.
 *
 * @param before the text that the new one was made of
 * @throws GeneratorError when the file has changed since
 */
export function replaceUserFile(directory: string, path: string, before: string, text: string): void {
  const target = realpathSync(resolve(directory, path));
  if (readFileSync(target, "utf8") !== before) {
    throw GeneratorError.of(`${path} has changed meanwhile: run the command again`);
  }
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text);
    chmodSync(temporary, statSync(target).mode);
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
