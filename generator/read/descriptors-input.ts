import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { GeneratorError } from "../error.js";
import { fileFault } from "../file-fault.js";
import { tidyPath } from "./config.js";

/**
 * The bytes of a file of descriptors, whatever they are.
 *
 * @param path relative to the working directory
 * @throws GeneratorError for a file that cannot be read
 */
export function readDescriptorsInput(directory: string, path: string): Uint8Array {
  try {
    return readFileSync(resolve(directory, path));
  } catch (error) {
    throw GeneratorError.of(`${tidyPath(directory, path)} cannot be read: ${fileFault(error)}`);
  }
}
