import { formatRoutesLock, type RoutesLock } from "./routes-lock.js";

/**
 * Forgets the routes that came and went while somebody was typing. A project that is generated at every keystroke that is saved would
 * keep codes for `Room.J`, `Room.Jo` and `Room.Joi` for ever, which no client was ever generated with.
 */
export class FreshRoutes {
  /** Those that this run was the first to give a code. */
  readonly #routes = new Set<string>();
  #lastText: string | undefined;

  /**
   * Takes note of a lock that is about to be written.
   *
   * @param before what it was made of; when that is not what was given out last, somebody else wrote it, and all in it stays
   * @param after what it is
   * @param isCommitted whether a route stands in the lock as others have it
   * @returns `after` without the removed routes that were first seen since the run began, and that nobody else has
   */
  settle(before: RoutesLock, after: RoutesLock, isCommitted: (route: string) => boolean): RoutesLock {
    if (formatRoutesLock(before) !== this.#lastText) {
      this.#routes.clear();
    }
    const removed = new Map([...after.removed].filter(([route]) => !this.#routes.has(route) || isCommitted(route)));
    for (const route of this.#routes) {
      if (!after.routes.has(route)) {
        this.#routes.delete(route);
      }
    }
    for (const route of after.routes.keys()) {
      if (![before.routes, before.removed, before.renamed].some((known) => known.has(route))) {
        this.#routes.add(route);
      }
    }
    const settled = { ...after, removed };
    this.#lastText = formatRoutesLock(settled);
    return settled;
  }
}
