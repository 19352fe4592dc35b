import type { HeldBytes } from "./held-bytes.js";

/** A dictionary, and for how many connections it is held. */
interface Kept {
  readonly routes: ReadonlyMap<number, string>;
  readonly bytes: number;
  users: number;
}

/** The dictionaries that servers sent: most clients of a server are sent the same. */
export class Dictionaries {
  readonly #budget: HeldBytes;
  readonly #kept = new Map<string, Kept>();

  constructor(budget: HeldBytes) {
    this.#budget = budget;
  }

  /** Code → route, of what a handshake's answer has as `sys.dict`. @returns the key with which it is let go of, too */
  take(dict: Readonly<Record<string, number>>): { readonly key: string; readonly routes: ReadonlyMap<number, string> } {
    const key = JSON.stringify(dict);
    let kept = this.#kept.get(key);
    if (kept === undefined) {
      const routes = new Map(Object.entries(dict).map(([route, code]) => [code, route]));
      kept = { routes, bytes: key.length * costOfText, users: 0 };
      this.#kept.set(key, kept);
      this.#budget.add(kept.bytes);
    }
    kept.users++;
    return { key, routes: kept.routes };
  }

  /** A connection is over. */
  release(key: string): void {
    const kept = this.#kept.get(key);
    if (kept !== undefined && --kept.users === 0) {
      this.#kept.delete(key);
      this.#budget.add(-kept.bytes);
    }
  }
}

/** The text as a key, and its routes in the map. */
const costOfText = 4;
