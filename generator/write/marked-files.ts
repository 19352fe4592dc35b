import { GeneratorError } from "../error.js";
import { readIfThere } from "./output.js";
import { writeWholeFile } from "./whole-file.js";

/** A file that stands alone, outside the folder of generated code. */
export interface MarkedFile {
  /** Relative to the working directory, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** What the text begins with: a file that is there and does not is the user's own. */
  readonly mark: string;
}

/** What of some files has to be written. */
export interface MarkedFilesPlan {
  readonly changed: readonly MarkedFile[];
  readonly unchanged: readonly MarkedFile[];
}

/**
 * Compares files with what is there. Writes nothing.
 *
 * @param directory the working directory
 * @param advice what to do when a file of the user's own is in the way
 * @throws GeneratorError when one is
 */
export function planMarkedFiles(directory: string, files: readonly MarkedFile[], advice: string): MarkedFilesPlan {
  const present = files.map((file) => ({ file, there: readIfThere(directory, file.path) }));
  const problems = present
    .filter(({ file, there }) => there !== undefined && !there.startsWith(file.mark))
    .map(({ file }) => ({
      message: `${file.path} is not a generated file, and would be overwritten: move it, or ${advice}`,
    }));
  if (problems.length > 0) {
    throw new GeneratorError(problems);
  }
  return {
    changed: present.filter(({ file, there }) => there !== file.text).map(({ file }) => file),
    unchanged: present.filter(({ file, there }) => there === file.text).map(({ file }) => file),
  };
}

/** Writes what has changed, each file at once or not at all. */
export function writeMarkedFiles(directory: string, { changed }: MarkedFilesPlan): void {
  for (const { path, text } of changed) {
    writeWholeFile(directory, path, text);
  }
}
