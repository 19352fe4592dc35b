import { dirname, relative, resolve, sep } from "node:path";
import type { ModulePath } from "./component-text.js";
import type { ResolveModule } from "./syntax.js";

/** A project's folders, for finding the generated files from those of the user. */
export interface ModuleFolders {
  /** The working directory. */
  readonly directory: string;
  /** The folder of generated files, relative to it. */
  readonly outDirectory: string;
  /** What stands after the name of an imported file: `.js`. */
  readonly importSuffix: string;
}

/** How a file imports generated modules: `chat/v1/room` → `../generated/chat/v1/room.js`. */
export function modulePathFrom(file: string, { directory, outDirectory, importSuffix }: ModuleFolders): ModulePath {
  const folder = dirname(resolve(directory, file));
  return (module) => {
    const path = relative(folder, resolve(directory, outDirectory, module))
      .split(sep)
      .join("/");
    return `${path.startsWith("../") ? "" : "./"}${path}${importSuffix}`;
  };
}

/**
 * Which module a file's imports lead to. A path is followed; any other specifier, such as an alias of tsconfig.json, is taken for the generated
 * module with whose name it ends.
 *
 * @param modules the generated modules: `chat/v1/room.server`
 */
export function moduleResolver(file: string, folders: ModuleFolders, modules: readonly string[]): ResolveModule {
  const folder = dirname(resolve(folders.directory, file));
  const out = resolve(folders.directory, folders.outDirectory);
  return (specifier) => {
    if (specifier === "nanowire") {
      return specifier;
    }
    const plain = specifier.replace(/\.[cm]?[jt]s$/, "");
    if (!plain.startsWith(".")) {
      return modules.find((module) => plain.endsWith(`/${module}`));
    }
    const path = relative(out, resolve(folder, plain)).split(sep).join("/");
    return path.startsWith("../") ? undefined : path;
  };
}
