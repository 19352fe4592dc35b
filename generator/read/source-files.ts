import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** A TypeScript file of the user's. */
export interface UserSource {
  /** Relative to the working directory, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** Whether the file is UTF-8: of any other, writing the text back would change bytes. */
  readonly isUtf8: boolean;
}

/**
 * Reads the TypeScript files below a folder, sorted by path. Declarations (`.d.ts`), `node_modules`, folders whose name starts with a
 * dot, and the folder of generated files are left out. A folder that is not there holds nothing.
 *
 * @param directory the working directory
 */
export function readUserSources(directory: string, folder: string, outDirectory: string): UserSource[] {
  const sources: UserSource[] = [];
  const out = resolve(directory, outDirectory);
  const walk = (path: string): void => {
    const absolute = resolve(directory, path);
    if (absolute === out) {
      return;
    }
    for (const entry of entriesOf(absolute)) {
      const child = path === "." ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!entry.name.startsWith(".") && entry.name !== "node_modules") {
          walk(child);
        }
      } else if (entry.isFile() && /\.[cm]?tsx?$/.test(entry.name) && !/\.d\.[cm]?ts$/.test(entry.name)) {
        const bytes = readFileSync(join(absolute, entry.name));
        const text = bytes.toString("utf8");
        sources.push({ path: child, text, isUtf8: Buffer.from(text, "utf8").equals(bytes) });
      }
    }
  };
  walk(folder);
  return sources.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function entriesOf(folder: string): import("node:fs").Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      return [];
    }
    throw error;
  }
}
