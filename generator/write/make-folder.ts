import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { WriteError } from "../error.js";

/**
 * Makes a folder, and those above it that are not there.
 *
 * Node's own way to make several, `recursive`, never ends where the file system says "not there" of a folder that it does not let be
 * made, as in /proc.
 *
 * @param path absolute
 * @throws WriteError where no folder can be made; the file system's own error for everything else
 */
export function makeFolder(path: string): void {
  const missing: string[] = [];
  for (let folder = path; statSync(folder, { throwIfNoEntry: false }) === undefined; folder = dirname(folder)) {
    missing.push(folder);
  }
  for (const folder of missing.reverse()) {
    try {
      mkdirSync(folder);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "ENOENT") {
        throw new WriteError(
          `the folder ${folder} cannot be made: ${dirname(folder)} takes no folders. Name another place`,
        );
      }
      // Another program may have made it meanwhile.
      if (code !== "EEXIST" || statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
        throw error;
      }
    }
  }
}
