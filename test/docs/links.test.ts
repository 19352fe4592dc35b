import { existsSync, statSync } from "node:fs";
import { posix } from "node:path";
import { describe, expect, test } from "vitest";
import { renderMarkdown } from "../../scripts/site/render-markdown.js";
import { markdownPages, root } from "./support/markdown-pages.js";

const pages = markdownPages();
const targets = new Map<string, string[]>();
const headings = new Map(
  [...pages].map(([page, text]) => {
    const found: string[] = [];
    const rendered = renderMarkdown(text, (target) => {
      found.push(target);
      return target;
    });
    targets.set(page, found);
    return [page, new Set(rendered.headings.map(({ id }) => id))];
  }),
);
const isExternal = (target: string): boolean => /^[a-z][a-z\d+.-]*:/i.test(target);

describe("links", () => {
  test("the README leads to every page of docs/", () => {
    const led = (targets.get("README.md") ?? []).map((target) => posix.normalize(target.replace(/#.*/, "")));
    const guides = [...pages.keys()].filter((page) => /^docs\/[\w-]+\.md$/.test(page));
    expect(guides.length).toBeGreaterThan(40);
    expect(guides.filter((page) => !led.includes(page))).toEqual([]);
  });

  test("within the repository lead to a file, and to a heading that it has", () => {
    const inner = [...targets].flatMap(([page, found]) =>
      found.filter((target) => !isExternal(target)).map((target) => ({ page, target })),
    );
    expect(inner.length).toBeGreaterThan(500);
    const lost = inner.filter(({ page, target }) => {
      const [file = "", id = ""] = target.split("#");
      const path = file === "" ? page : posix.join(posix.dirname(page), decodeURI(file)).replace(/\/$/, "");
      return path.startsWith("..") || !existsSync(root + path) || (id !== "" && !hasHeading(path, id));
    });
    expect(lost).toEqual([]);
  });

  test("out of the repository are few, and safe", () => {
    const outer = [...targets].flatMap(([page, found]) => found.filter(isExternal).map((target) => ({ page, target })));
    expect(outer.length).toBeLessThan(60);
    expect(outer.filter(({ target }) => !URL.canParse(target) || !target.startsWith("https://"))).toEqual([]);
  });
});

/** A folder has the headings of its README.md; a line of a source is told by `L12`, which nobody checks. */
function hasHeading(path: string, id: string): boolean {
  const page = statSync(root + path).isDirectory() ? `${path}/README.md` : path;
  return headings.get(page)?.has(decodeURIComponent(id)) ?? false;
}
