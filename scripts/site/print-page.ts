import { posix } from "node:path";
import { escapeHtml } from "./escape-html.js";
import { pagesInOrder } from "./read-outline.js";
import type { OutlineEntry, OutlineGroup, Page } from "./site.js";

/** A page with everything around it, as a browser gets it. It needs no server: all links are relative. */
export function printPage(page: Page, outline: readonly OutlineGroup[]): string {
  const order = pagesInOrder(outline);
  const place = order.indexOf(page);
  const from = posix.dirname(page.output);
  const to = (target: string) => escapeHtml(posix.relative(from, target));
  const up = to("index.html").replace(/index\.html$/, "");
  const title = page.path === "README.md" ? "Nanowire" : `${page.title} · Nanowire`;
  const contents = page.headings.filter(({ level }) => level === 2 || level === 3);
  return `<!doctype html>
<html lang="en" data-root="${up}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="${up}assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${up}assets/site.css">
<script src="${up}assets/theme.js"></script>
<script src="${up}assets/page.js" defer></script>
</head>
<body>
<a class="skip" href="#content">To the content</a>
<header>
<button class="menu" type="button" aria-label="Pages" aria-expanded="false" aria-controls="sidebar">☰</button>
<a class="brand" href="${up}index.html"><img src="${up}assets/icon.svg" alt="" width="24" height="24">Nanowire</a>
<button class="find" type="button" aria-keyshortcuts="/">Search <kbd>/</kbd></button>
<button class="theme" type="button" aria-label="Light or dark">◐</button>
</header>
<div class="frame">
<nav id="sidebar" aria-label="Pages">
${outline.map(printGroup).join("\n")}
</nav>
<main id="content" class="${page.kind}" tabindex="-1">
<article>
${page.html}</article>
${printNeighbours()}</main>
${printContents()}</div>
<dialog class="search" aria-label="Search">
<form method="dialog"><input type="search" placeholder="Search the pages" aria-label="Search the pages" autocomplete="off" spellcheck="false"><button type="submit">Close</button></form>
<ol role="listbox" aria-label="Found"></ol>
<p role="status"></p>
</dialog>
</body>
</html>
`;

  function printGroup({ title, entries }: OutlineGroup): string {
    const isHere = entries.some(({ page: entry, below }) => entry === page || below.includes(page));
    const isOpen = isHere || (place === -1 && outline[0]?.entries === entries);
    return `<details${isOpen ? " open" : ""}><summary>${escapeHtml(title)}</summary>
<ul>
${entries.map(printEntry).join("\n")}
</ul></details>`;
  }

  function printEntry({ page: entry, below }: OutlineEntry): string {
    const isOpen = entry === page || below.includes(page);
    const shown = isOpen ? below : [];
    const nested =
      shown.length === 0 ? "" : `\n<ul>\n${shown.map((one) => `<li>${printLink(one)}</li>`).join("\n")}\n</ul>`;
    return `<li>${printLink(entry)}${nested}</li>`;
  }

  function printLink(entry: Page): string {
    const current = entry === page ? ' aria-current="page"' : "";
    return `<a href="${to(entry.output)}"${current}>${escapeHtml(entry.title)}</a>`;
  }

  function printNeighbours(): string {
    const before = place > 0 ? order[place - 1] : undefined;
    const after = place === -1 ? (page.path === "README.md" ? order[0] : undefined) : order[place + 1];
    if (before === undefined && after === undefined) {
      return "";
    }
    const link = (other: Page | undefined, rel: string, word: string) =>
      other === undefined
        ? "<span></span>"
        : `<a rel="${rel}" href="${to(other.output)}"><small>${word}</small>${escapeHtml(other.title)}</a>`;
    return `<nav class="neighbours" aria-label="Before and after">${link(before, "prev", "Before")}${link(after, "next", "Next")}</nav>\n`;
  }

  function printContents(): string {
    if (contents.length < 2) {
      return "";
    }
    const rows = contents.map(
      ({ level, text, id }) => `<li class="level-${level}"><a href="#${escapeHtml(id)}">${escapeHtml(text)}</a></li>`,
    );
    return `<aside aria-label="On this page"><p>On this page</p><ul>\n${rows.join("\n")}\n</ul></aside>\n`;
  }
}
