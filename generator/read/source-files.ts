import { type Dirent, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { relative, resolve, sep } from "node:path";

/** A TypeScript file of the user's. */
export interface UserSource {
  /** Relative to the working directory, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** Whether the file is UTF-8: of any other, writing the text back would change bytes. */
  readonly isUtf8: boolean;
  /** Where the file itself lies: another path than `path` when a link leads there, `../…` when that is outside the working directory. */
  readonly realPath: string;
}

/**
 * Reads the TypeScript files below a folder, sorted by path. Links are followed, and what can be reached in two ways is read once, by the
 * way without links if there is one. Declarations (`.d.ts`), `node_modules`, folders whose name starts with a dot, and the folder
 * of generated files are left out, and links that lead nowhere. A folder that is not there holds nothing.
 *
 * @param directory the working directory
 */
export function readUserSources(directory: string, folder: string, outDirectory: string): UserSource[] {
  const sources: UserSource[] = [];
  const seen = new Set<string>();
  const realDirectory = realpathSync(directory);
  const out = realpathOf(resolve(directory, outDirectory));
  const links: string[] = [];
  const readSource = (path: string): void => {
    const real = realpathSync(resolve(directory, path));
    if (seen.has(real) || !/\.[cm]?tsx?$/.test(path) || /\.d\.[cm]?ts$/.test(path)) {
      return;
    }
    seen.add(real);
    const bytes = readFileSync(real);
    const text = bytes.toString("utf8");
    sources.push({
      path,
      text,
      isUtf8: Buffer.from(text, "utf8").equals(bytes),
      realPath: relative(realDirectory, real).split(sep).join("/"),
    });
  };
  const walk = (path: string): void => {
    const real = realpathOf(resolve(directory, path));
    if (real === undefined || real === out || seen.has(real)) {
      return;
    }
    seen.add(real);
    for (const entry of entriesOf(real)) {
      const child = path === "." ? entry.name : `${path}/${entry.name}`;
      if (entry.isSymbolicLink()) {
        links.push(child);
      } else if (entry.isDirectory() && isUsers(entry.name)) {
        walk(child);
      } else if (entry.isFile()) {
        readSource(child);
      }
    }
  };
  walk(folder);
  // Behind a link there may be more of them.
  for (const path of links) {
    const stats = statSync(resolve(directory, path), { throwIfNoEntry: false });
    const isInOut = out !== undefined && `${realpathOf(resolve(directory, path))}${sep}`.startsWith(out + sep);
    if (stats?.isDirectory() && !isInOut && isUsers(path.split("/").at(-1) ?? "")) {
      walk(path);
    } else if (stats?.isFile() && !isInOut) {
      readSource(path);
    }
  }
  return sources.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function isUsers(folderName: string): boolean {
  return !folderName.startsWith(".") && folderName !== "node_modules";
}

function realpathOf(path: string): string | undefined {
  return statSync(path, { throwIfNoEntry: false }) === undefined ? undefined : realpathSync(path);
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      return [];
    }
    throw error;
  }
}
