import { type FSWatcher, readdirSync, realpathSync, statSync, watch } from "node:fs";
import { dirname, join, resolve } from "node:path";

interface Watched {
  readonly watcher: FSWatcher;
  /** Which folder it is: another one may have come to stand at its path. */
  readonly identity: string;
}

/**
 * Watches folders, each by itself: not the recursive watching of Node, which on Linux loses what happens in a folder while
 * it is new. It tells only that something happened: what, is found out by looking.
 */
export class FolderWatcher {
  readonly #onEvent: () => void;
  readonly #watched = new Map<string, Watched>();
  #isClosed = false;

  constructor(onEvent: () => void) {
    this.#onEvent = onEvent;
  }

  /** Watches one folder more. */
  add(folder: string): void {
    this.watch(new Set([...this.#watched.keys(), folder]));
  }

  /** Watches just these folders from now on. One that was replaced by another is watched anew; one that is gone is left out. */
  watch(folders: ReadonlySet<string>): void {
    for (const [folder, { watcher, identity }] of this.#watched) {
      if (this.#isClosed || !folders.has(folder) || identityOf(folder) !== identity) {
        this.#watched.delete(folder);
        watcher.close();
      }
    }
    for (const folder of this.#isClosed ? [] : folders) {
      const identity = identityOf(folder);
      if (identity !== undefined && !this.#watched.has(folder)) {
        this.#add(folder, identity);
      }
    }
  }

  /** Ends the watching. */
  close(): void {
    this.#isClosed = true;
    this.watch(new Set());
  }

  #add(folder: string, identity: string): void {
    let watcher: FSWatcher;
    try {
      watcher = watch(folder, { persistent: true }, (_event, name) => {
        if (name === null || !isOwnTemporary(name)) {
          this.#onEvent();
        }
      });
    } catch (error) {
      if (identityOf(folder) === undefined) {
        return; // gone in this moment: the folder above tells
      }
      throw error;
    }
    // A folder that goes away while it is watched: on some systems an error, on others an event.
    watcher.on("error", this.#onEvent);
    this.#watched.set(folder, { watcher, identity });
  }
}

/**
 * The folders in which a change of a project shows: the working directory, every one below the roots, as they are walked when they
 * are read, and those of single files. Of one that is not there, the nearest one above that is. Absolute paths.
 */
export function watchedFolders(directory: string, roots: readonly string[], files: readonly string[]): Set<string> {
  const folders = new Set([resolve(directory)]);
  const walk = (folder: string, above: ReadonlySet<string>): void => {
    const real = realpathOf(folder);
    if (real === undefined || above.has(real)) {
      return;
    }
    folders.add(folder);
    const inside = new Set(above).add(real);
    for (const name of foldersIn(folder)) {
      walk(join(folder, name), inside);
    }
  };
  for (const path of [...roots, ...files]) {
    folders.add(nearestFolder(dirname(resolve(directory, path))));
  }
  for (const root of roots) {
    walk(resolve(directory, root), new Set());
  }
  return folders;
}

/** Whether a file is one that this process renames once it is written: where that fails, each try would be the reason of the next. */
function isOwnTemporary(name: string): boolean {
  return name.endsWith(`.${process.pid}.tmp`);
}

/** A folder, or when it is not there the nearest one above it that is. */
function nearestFolder(folder: string): string {
  let nearest = folder;
  while (identityOf(nearest) === undefined && dirname(nearest) !== nearest) {
    nearest = dirname(nearest);
  }
  return nearest;
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith(".") && name !== "node_modules")
      .filter(
        (entry) =>
          entry.isDirectory() || (entry.isSymbolicLink() && identityOf(join(folder, entry.name)) !== undefined),
      )
      .map(({ name }) => name);
  } catch {
    return []; // gone in this moment
  }
}

/** Which folder stands at a path, or undefined when none does. */
function identityOf(folder: string): string | undefined {
  try {
    const stats = statSync(folder);
    return stats.isDirectory() ? `${stats.dev}:${stats.ino}` : undefined;
  } catch {
    return undefined;
  }
}

function realpathOf(folder: string): string | undefined {
  try {
    return statSync(folder).isDirectory() ? realpathSync(folder) : undefined;
  } catch {
    return undefined;
  }
}
