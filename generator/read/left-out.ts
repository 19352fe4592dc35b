import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/**
 * The .proto files with a service that lie beside the given ones, below the same folder, and are not among them; sorted by name.
 *
 * @param directory the working directory
 * @param roots the folders that the given files may be relative to; the first one in which all of them lie counts
 * @param given the names of files, as they import each other
 * @returns none when the files lie below no such folder
 */
export function findLeftOut(directory: string, roots: readonly string[], given: readonly string[]): string[] {
  const root = roots
    .map((path) => resolve(directory, path))
    .find((path) => given.every((name) => existsSync(join(path, name))));
  if (root === undefined) {
    return [];
  }
  const known = new Set(given);
  return listProtos(root, "")
    .filter((name) => !known.has(name) && declaresService(readFileSync(join(root, name), "utf8")))
    .sort();
}

function listProtos(folder: string, prefix: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith(".") && name !== "node_modules")
    .flatMap((entry) =>
      entry.isDirectory()
        ? listProtos(join(folder, entry.name), `${prefix}${entry.name}/`)
        : entry.isFile() && entry.name.endsWith(".proto")
          ? [prefix + entry.name]
          : [],
    );
}

function declaresService(text: string): boolean {
  return /^[ \t]*service\s+\w+\s*\{/m.test(text.replace(/\/\*[\s\S]*?\*\//g, ""));
}
