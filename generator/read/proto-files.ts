import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { GeneratorError, type Problem } from "../error.js";

/** A .proto file that the user wrote. */
export interface ProtoFile {
  /** As other files import it: `chat/v1/room.proto`. */
  readonly name: string;
  /** As the user finds it: `proto/chat/v1/room.proto`, relative to the working directory. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Nanowire's own file: a copy of it among the user's files is not his, and the package's own is taken. */
export const optionsFileName = "nanowire/options.proto";

/**
 * Reads every .proto file below the given folders, sorted by name. Links are followed; `node_modules` and folders
 * whose name starts with a dot are left out. A folder that lies in another one of them is not read twice.
 *
 * @param directory the working directory
 * @param roots the folders that imports are relative to, relative to `directory`, with forward slashes
 * @throws GeneratorError when a folder is missing, holds no .proto file, or two folders hold a file of the same name
 */
export function readProtoFiles(directory: string, roots: readonly string[]): ProtoFile[] {
  const problems: Problem[] = [];
  const files = new Map<string, ProtoFile>();
  const realRoots = new Set<string>();
  for (const root of roots) {
    const real = realFolder(directory, root);
    if (real === undefined) {
      const fault = existsSync(resolve(directory, root))
        ? `${root} is no folder: name the one that it is in, with --proto DIR`
        : `the folder ${root} is not there: make it, or name yours with --proto DIR`;
      problems.push({ message: fault });
    } else {
      realRoots.add(real);
    }
  }
  for (const root of roots) {
    const real = realFolder(directory, root);
    if (real === undefined) {
      continue;
    }
    const found = findProtos(real, new Set([...realRoots].filter((other) => other !== real)));
    for (const name of found) {
      const path = root === "." ? name : `${root}/${name}`;
      const other = files.get(name);
      if (other === undefined) {
        files.set(name, { name, path, bytes: readFileSync(join(real, name)) });
      } else if (other.path !== path && name !== optionsFileName) {
        problems.push({
          message: `both ${other.path} and ${path} are imported as "${name}": keep one of them, or move one to a folder of another name`,
        });
      }
    }
  }
  if (problems.length === 0 && ![...files.keys()].some((name) => name !== optionsFileName)) {
    problems.push({
      message: `there is no .proto file in ${roots.join(", ")}: write one, or name its folder with --proto DIR`,
    });
  }
  if (problems.length > 0) {
    throw new GeneratorError(problems);
  }
  return [...files.values()].sort((a, b) => compare(a.name, b.name));
}

function realFolder(directory: string, root: string): string | undefined {
  const path = resolve(directory, root);
  try {
    return statSync(path).isDirectory() ? realpathSync(path) : undefined;
  } catch {
    return undefined;
  }
}

/** The names of the .proto files below `root`, with forward slashes. */
function findProtos(root: string, otherRoots: ReadonlySet<string>): string[] {
  const found: string[] = [];
  const above = new Set<string>();
  const walk = (folder: string, prefix: string): void => {
    const real = realpathSync(folder);
    if (above.has(real) || otherRoots.has(real)) {
      return;
    }
    above.add(real);
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.name.startsWith(".") || entry.name === "node_modules") {
        continue;
      }
      const path = join(folder, entry.name);
      const kind = entry.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : entry;
      if (kind?.isDirectory()) {
        walk(path, `${prefix}${entry.name}/`);
      } else if (kind?.isFile() && entry.name.endsWith(".proto")) {
        found.push(prefix + entry.name);
      }
    }
    above.delete(real);
  };
  walk(root, "");
  return found;
}

/** By UTF-16 code units: the same on every machine, whatever its language. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
