import MiniSearch from "minisearch";

/** What is looked through; `search-records.js` has one for each heading of the site. */
export interface SearchRecord {
  /** The page's address, with the heading's id. */
  readonly id: string;
  /** The page's title. */
  readonly p: string;
  /** The heading's text. */
  readonly h: string;
  /** What stands below it. */
  readonly t: string;
}

/** A place that was found. */
export interface Found {
  readonly record: SearchRecord;
  /** Words of it that answer what was asked. */
  readonly terms: readonly string[];
}

/** Looks for words, and for their beginnings, and for words that are nearly so. */
export class Finder {
  readonly #index = new MiniSearch<SearchRecord>({
    fields: ["h", "p", "t"],
    // maxPacketBytes is found by packet, too; a name with dots by its parts.
    tokenize: (text) => [
      ...text.split(/[^\p{L}\p{N}_$]+/u),
      ...(text.match(/\p{Lu}?\p{Ll}+(?=\p{Lu})|(?<=\p{Ll})\p{Lu}\p{Ll}+/gu) ?? []),
    ],
  });
  readonly #records: ReadonlyMap<string, SearchRecord>;

  constructor(records: readonly SearchRecord[]) {
    this.#records = new Map(records.map((record) => [record.id, record]));
    this.#index.addAll(records);
  }

  /** @returns the best first, 30 at the most */
  find(words: string): Found[] {
    const results = this.#index.search(words, {
      combineWith: "AND",
      prefix: true,
      fuzzy: (term) => (term.length > 4 ? 0.2 : false),
      boost: { h: 6, p: 3 },
      // Guides come before what is looked up, and that before what has been.
      boostDocument: (id) => (/^(docs\/(api|decisions)\/|CHANGELOG|bench|test)/.test(String(id)) ? 0.4 : 1),
    });
    return results.slice(0, 30).flatMap(({ id, terms }) => {
      const record = this.#records.get(String(id));
      return record === undefined ? [] : [{ record, terms }];
    });
  }
}

/** The part of a text around the first of some words. */
export function excerpt(text: string, terms: readonly string[]): string {
  const lower = text.toLowerCase();
  const first = Math.min(...terms.map((term) => lower.indexOf(term)).filter((at) => at !== -1), text.length);
  const start = first === text.length ? 0 : Math.max(0, first - 60);
  return `${start > 0 ? "… " : ""}${text.slice(start, start + 180)}${start + 180 < text.length ? " …" : ""}`;
}
