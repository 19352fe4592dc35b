import { statSync } from "node:fs";
import { resolve } from "node:path";

/** How long a file may be empty before it is taken to be meant so. */
export const emptyPatienceMs = 500;

/**
 * Knows which files were emptied a moment ago. Many editors, and every shell, save by emptying a file and then writing it: what it
 * holds in between is not what the user wrote.
 */
export class EmptiedFiles {
  /** Path → when it was first seen to be empty. */
  readonly #since = new Map<string, number>();
  #isFirst = true;

  /**
   * Takes note of what files hold. One that is empty at the first look is taken so at once.
   *
   * @param sizes path → bytes
   * @param nowMs the time, by a clock that only goes forward
   * @returns after how many ms to look again, since until then a file may be in the middle of being saved; 0 when none is
   */
  waitMs(sizes: Iterable<readonly [path: string, bytes: number]>, nowMs: number): number {
    let wait = 0;
    for (const [path, bytes] of sizes) {
      if (bytes > 0) {
        this.#since.delete(path);
        continue;
      }
      const since = this.#since.get(path) ?? (this.#isFirst ? Number.NEGATIVE_INFINITY : nowMs);
      this.#since.set(path, since);
      wait = Math.max(wait, since + emptyPatienceMs - nowMs);
    }
    this.#isFirst = false;
    return wait;
  }
}

/** How large files are, those that are there. Paths are relative to `directory`. */
export function fileSizes(directory: string, paths: readonly string[]): [path: string, bytes: number][] {
  return paths.flatMap((path): [string, number][] => {
    const stats = statSync(resolve(directory, path), { throwIfNoEntry: false });
    return stats?.isFile() ? [[path, stats.size]] : [];
  });
}
