import { posix } from "node:path";
import type { OutlineEntry, OutlineGroup, Page } from "./site.js";

/** Where README.md tells what there is to read, in the order in which one needs it. */
const chapter = "## Where to read on";

/**
 * The sidebar: README.md's list, so that there is one list. A `###` begins a group; each page that the group links to is
 * an entry, once. A page that stands for its folder in docs/ has the folder's other pages below it.
 */
export function readOutline(readme: string, pages: ReadonlyMap<string, Page>): readonly OutlineGroup[] {
  const start = readme.indexOf(chapter);
  if (start === -1) {
    throw new Error(`README.md has no ${JSON.stringify(chapter)}, which the sidebar is made of`);
  }
  const seen = new Set<Page>();
  const [, ...groups] = readme.slice(start).split(/^### /m);
  return groups.map((text) => {
    const [title = ""] = text.split("\n");
    const entries = [...text.matchAll(/\]\(([^)#\s]+)\)/g)].flatMap(([, target = ""]) => {
      const page = pages.get(posix.normalize(target));
      if (page?.kind !== "page" || seen.has(page)) {
        return [];
      }
      seen.add(page);
      return [{ page, below: pagesBelow(page, pages) } satisfies OutlineEntry];
    });
    return { title, entries };
  });
}

/** The pages of the sidebar, in its order: what "next" leads through. */
export function pagesInOrder(outline: readonly OutlineGroup[]): Page[] {
  return outline.flatMap(({ entries }) => entries.flatMap(({ page, below }) => [page, ...below]));
}

function pagesBelow(page: Page, pages: ReadonlyMap<string, Page>): Page[] {
  const folder = posix.dirname(page.path);
  if (!page.path.endsWith("/README.md") || !folder.startsWith("docs/")) {
    return [];
  }
  return [...pages.values()]
    .filter((other) => other !== page && other.kind === "page" && posix.dirname(other.path) === folder)
    .sort((one, another) => (one.path < another.path ? -1 : 1));
}
