import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { posix } from "node:path";
import { escapeHtml } from "./escape-html.js";
import { codeBlock, type Rendered, renderMarkdown } from "./render-markdown.js";
import type { LostLink, Page } from "./site.js";

/** Every page of the site, and what is wrong with their links. */
export interface ReadPages {
  /** By their paths in the repository. */
  readonly pages: ReadonlyMap<string, Page>;
  /** Images that pages show, by their paths: they stand in the site as they are. */
  readonly images: ReadonlySet<string>;
  readonly lost: readonly LostLink[];
  /** Links out of the repository: target → the pages that have it. */
  readonly external: ReadonlyMap<string, readonly string[]>;
}

/** A link within the repository, to be looked at when all pages are read. */
interface InnerLink {
  readonly page: string;
  readonly target: string;
  readonly path: string;
  readonly id: string;
}

const image = /\.(gif|jpe?g|png|svg|webp)$/;
const scheme = /^[a-z][a-z\d+.-]*:/i;
/** What a link may lead to without being shown: it is no text, or not the repository's. */
const unshown = /(^|\/)(node_modules|dist|\.[^/]+)(\/|$)/;

/**
 * Reads README.md and all of docs/, and whatever they lead to: other pages, sources, folders.
 *
 * @param root the repository's folder
 */
export function readPages(root: string): ReadPages {
  const pages = new Map<string, Page>();
  const images = new Set<string>();
  const lost: LostLink[] = [];
  const external = new Map<string, string[]>();
  const links: InnerLink[] = [];
  const waiting = ["README.md", ...markdownOf(root, "docs")];
  for (const path of waiting) {
    if (!pages.has(path)) {
      pages.set(path, readPage(path));
    }
  }
  // A folder's page leads to those that are there for another reason.
  for (const [path, page] of pages) {
    if (page.kind === "folder") {
      pages.set(path, { ...page, html: folderHtml(root, path, pages) });
    }
  }
  for (const { page, target, path, id } of links) {
    const there = pages.get(path);
    if (id !== "" && there !== undefined && !there.headings.some((heading) => heading.id === id)) {
      lost.push({ page, target, problem: `${path} has no heading #${id}` });
    }
  }
  return { pages, images, lost, external };

  function readPage(path: string): Page {
    if (statSync(`${root}/${path}`).isDirectory()) {
      const title = `${path}/`;
      return { path, output: outputOf(path, "folder"), kind: "folder", title, html: "", headings: [], sections: [] };
    }
    const text = readFileSync(`${root}/${path}`, "utf8");
    if (!path.endsWith(".md")) {
      const html = `<h1 class="source">${escapeHtml(path)}</h1>\n${codeBlock(text, posix.extname(path).slice(1))}`;
      return { path, output: outputOf(path, "source"), kind: "source", title: path, html, headings: [], sections: [] };
    }
    const rendered: Rendered = renderMarkdown(text, (target) => follow(path, target));
    const title = rendered.headings.find(({ level }) => level === 1)?.text;
    if (title === undefined) {
      lost.push({ page: path, target: path, problem: "the page has no title: a line that begins with #" });
    }
    return { path, output: outputOf(path, "page"), kind: "page", title: title ?? path, ...rendered };
  }

  /** @returns what the target of a link is in the site */
  function follow(page: string, target: string): string {
    if (scheme.test(target)) {
      external.set(target, [...(external.get(target) ?? []), page]);
      return target;
    }
    const [file = "", id = ""] = target.split("#");
    const named = file === "" ? page : posix.normalize(posix.join(posix.dirname(page), decodeURI(file)));
    const path = placeOf(named.replace(/\/$/, ""));
    if (path === undefined) {
      lost.push({ page, target, problem: `there is no ${named}` });
      return target;
    }
    if (image.test(path)) {
      images.add(path);
      return posix.relative(posix.dirname(page), path);
    }
    links.push({ page, target, path, id: decodeURIComponent(id) });
    waiting.push(path);
    const output = outputOf(path, kindOf(path));
    const from = posix.dirname(outputOf(page, "page"));
    return `${file === "" ? "" : posix.relative(from, output)}${id === "" ? "" : `#${id}`}`;
  }

  /** @returns the file or folder that is shown for a path: of a folder its README.md, if it has one */
  function placeOf(path: string): string | undefined {
    if (path.startsWith("..") || unshown.test(path) || !existsSync(`${root}/${path}`)) {
      return undefined;
    }
    const readme = posix.join(path, "README.md");
    return existsSync(`${root}/${readme}`) ? readme : path;
  }

  function kindOf(path: string): Page["kind"] {
    return statSync(`${root}/${path}`).isDirectory() ? "folder" : path.endsWith(".md") ? "page" : "source";
  }
}

/** The site has the repository's folders, so that links between pages are what they were. */
function outputOf(path: string, kind: Page["kind"]): string {
  if (kind === "folder") {
    return `${path}/index.html`;
  }
  return kind === "source" ? `${path}.html` : path.replace(/README\.md$/, "index.md").replace(/\.md$/, ".html");
}

function markdownOf(root: string, folder: string): string[] {
  return readdirSync(`${root}/${folder}`, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith("."))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? markdownOf(root, path) : path.endsWith(".md") ? [path] : [];
    });
}

function folderHtml(root: string, path: string, pages: ReadonlyMap<string, Page>): string {
  const rows = readdirSync(`${root}/${path}`, { withFileTypes: true })
    .filter(({ name }) => !unshown.test(name))
    .map((entry) => {
      const name = escapeHtml(entry.name) + (entry.isDirectory() ? "/" : "");
      const page = pages.get(`${path}/${entry.name}`) ?? pages.get(`${path}/${entry.name}/README.md`);
      return page === undefined
        ? `<li>${name}</li>`
        : `<li><a href="${escapeHtml(posix.relative(path, page.output))}">${name}</a></li>`;
    });
  return `<h1 class="source">${escapeHtml(path)}/</h1>\n<ul class="files">\n${rows.join("\n")}\n</ul>\n`;
}
