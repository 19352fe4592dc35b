/** A heading of a page, and where it is reached. */
export interface Heading {
  /** 1 for the page's title. */
  readonly level: number;
  readonly text: string;
  /** Behind the `#`. */
  readonly id: string;
}

/** A part of a page that a search can find: what stands below a heading. */
export interface Section {
  readonly heading: Heading;
  readonly text: string;
}

/** A file of the repository as it stands in the site. */
export interface Page {
  /** In the repository, with `/`: `docs/server.md`. */
  readonly path: string;
  /** In the site: `docs/server.html`. */
  readonly output: string;
  /** Pages are written to be read; sources and folders are what pages lead to. */
  readonly kind: "page" | "source" | "folder";
  readonly title: string;
  readonly html: string;
  readonly headings: readonly Heading[];
  readonly sections: readonly Section[];
}

/** A link that leads nowhere. */
export interface LostLink {
  readonly page: string;
  readonly target: string;
  readonly problem: string;
}

/** A group of pages in the sidebar. */
export interface OutlineGroup {
  readonly title: string;
  readonly entries: readonly OutlineEntry[];
}

/** A page in the sidebar, with the pages of its folder when it stands for that. */
export interface OutlineEntry {
  readonly page: Page;
  readonly below: readonly Page[];
}
