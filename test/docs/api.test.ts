import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { ApiExport } from "../../scripts/api/api.js";
import { printApi } from "../../scripts/api/print-api.js";
import { readApi } from "../../scripts/api/read-api.js";

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const folder = `${root}/docs/api`;
const entries = readApi(root);
const pages = printApi(entries);
const exported: (ApiExport & { readonly entry: string })[] = entries.flatMap(({ name: entry, exports }) =>
  exports.map((thing) => ({ ...thing, entry })),
);

describe("what the package exports", () => {
  test("is all that its entries name, and not little", async () => {
    const names = ["nanowire", "nanowire/client", "nanowire/json", "nanowire/testing", "nanowire/wire"];
    expect(entries.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
    for (const { file, exports } of entries) {
      const module = (await import(/* @vite-ignore */ `${root}/${file}`)) as object;
      expect(exports.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(module)));
    }
    expect(exported.length).toBeGreaterThan(200);
  });

  test("has a doc comment, each of it", () => {
    const silent = exported.filter(({ doc }) => (doc?.text ?? "").length < 5);
    expect(silent.map(({ entry, name, file }) => `${entry}: ${name} in ${file}`)).toEqual([]);
  });

  test("has one for each member, too", () => {
    // Those of the wire are called what protobuf calls its types, and say no more.
    const silent = exported
      .filter(({ entry }) => entry !== "nanowire/wire")
      .flatMap(({ name, file, members }) =>
        // `[name: string]: …` is told with the whole.
        members
          .filter((member) => member.doc === undefined && !member.signature.startsWith("readonly ["))
          .map(({ signature }) => `${file}: ${name}, ${signature}`),
      );
    expect([...new Set(silent)]).toEqual([]);
  });
});

describe("docs/api", () => {
  test("has a page for each entry, and no other", () => {
    expect(readdirSync(folder).sort()).toEqual(pages.map(({ file }) => file).sort());
  });

  test.each(pages)("$file is what the comments say: `npm run api` writes it", ({ file, text }) => {
    expect(readFileSync(`${folder}/${file}`, "utf8")).toBe(text);
  });

  test("its links lead to headings that there are", () => {
    const anchors = new Map(
      pages.map(({ file, text }) => [
        file,
        new Set(
          [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => heading.toLowerCase().replaceAll(" ", "-")),
        ),
      ]),
    );
    const links = pages.flatMap(({ file, text }) =>
      [...text.matchAll(/\]\(([\w-]*\.?m?d?)#([^)]+)\)/g)].map(([, page = "", anchor = ""]) => ({
        page: page === "" ? file : page,
        anchor,
      })),
    );
    expect(links.length).toBeGreaterThan(150);
    expect(links.filter(({ page, anchor }) => anchors.get(page)?.has(anchor) !== true)).toEqual([]);
    expect(pages.filter(({ text }) => text.includes("{@link"))).toEqual([]);
  });
});
