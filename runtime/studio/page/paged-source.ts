import type { Page } from "../answers.js";
import type { RowSource } from "./virtual-table.js";

/** Rows that the server has: those that are looked at are fetched, in pages, and fetched again while they are. */
export class PagedSource<T> implements RowSource<T> {
  /** Told when there is something else to be seen. */
  changed: () => void = () => {};
  readonly #fetch: (offset: number, limit: number) => Promise<Page<T>>;
  readonly #pages = new Map<number, readonly T[]>();
  readonly #pending = new Set<number>();
  #page: Pick<Page<T>, "total" | "matched"> = { total: 0, matched: 0 };
  #needed: readonly [from: number, to: number] = [0, 0];
  /** Which question is asked: an answer to another comes too late. */
  #question = 0;

  constructor(fetchPage: (offset: number, limit: number) => Promise<Page<T>>) {
    this.#fetch = fetchPage;
  }

  get count(): number {
    return this.#page.matched;
  }

  get total(): number {
    return this.#page.total;
  }

  row(index: number): T | undefined {
    return this.#pages.get(Math.floor(index / pageRows))?.[index % pageRows];
  }

  need(from: number, to: number): void {
    this.#needed = [from, to];
    for (const page of this.#pagesNeeded()) {
      if (!this.#pages.has(page)) {
        void this.#load(page);
      }
    }
  }

  /** Something else is asked for. */
  async restart(): Promise<void> {
    this.#question++;
    this.#pages.clear();
    this.#pending.clear();
    await this.#load(0);
  }

  /** Fetches what is seen once more; what is not seen is forgotten. */
  async reload(): Promise<void> {
    const needed = this.#pagesNeeded();
    for (const page of this.#pages.keys()) {
      if (!needed.includes(page)) {
        this.#pages.delete(page);
      }
    }
    await Promise.all((needed.length === 0 ? [0] : needed).map((page) => this.#load(page)));
  }

  #pagesNeeded(): number[] {
    const [from, to] = this.#needed;
    const first = Math.floor(from / pageRows);
    const last = Math.floor(Math.max(from, to - 1) / pageRows);
    return to === 0 ? [] : Array.from({ length: last - first + 1 }, (_, index) => first + index);
  }

  async #load(page: number): Promise<void> {
    if (this.#pending.has(page)) {
      return;
    }
    const question = this.#question;
    this.#pending.add(page);
    try {
      const answer = await this.#fetch(page * pageRows, pageRows);
      if (question === this.#question) {
        this.#pages.set(page, answer.items);
        this.#page = answer;
      }
    } catch {
      // The door says that it is lost; what was there stays.
    } finally {
      if (question === this.#question) {
        this.#pending.delete(page);
        this.changed();
      }
    }
  }
}

const pageRows = 200;
