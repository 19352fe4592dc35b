import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { posix } from "node:path";
import { build } from "esbuild";
import { printPage } from "./print-page.js";
import { readOutline } from "./read-outline.js";
import { type ReadPages, readPages } from "./read-pages.js";
import type { OutlineGroup } from "./site.js";

/** What was built. */
export interface BuiltSite extends ReadPages {
  readonly outline: readonly OutlineGroup[];
  /** Every file that was written, relative to the site's folder. */
  readonly files: readonly string[];
}

/** What a search looks through: one for each heading. Short names, for there are thousands. */
export interface SearchRecord {
  /** The page's address in the site, with the heading's id. */
  readonly id: string;
  /** The page's title. */
  readonly p: string;
  /** The heading's text. */
  readonly h: string;
  /** What stands below it. */
  readonly t: string;
}

/**
 * Builds the site of README.md, docs/ and what they lead to.
 *
 * @param root the repository's folder
 * @param folder where the site goes; whatever is there is removed first. It holds nothing but the site
 */
export async function buildSite(root: string, folder: string): Promise<BuiltSite> {
  const read = readPages(root);
  const outline = readOutline(readFileSync(`${root}/README.md`, "utf8"), read.pages);
  const files = new Map<string, string>();
  for (const page of read.pages.values()) {
    files.set(page.output, printPage(page, outline));
  }
  for (const [name, text] of await buildAssets(root)) {
    files.set(`assets/${name}`, text);
  }
  files.set("assets/search-records.js", `globalThis.nanowireRecords=${JSON.stringify(searchRecords(read))};\n`);
  files.set(
    "external-links.txt",
    [...read.external.keys()]
      .sort()
      .map((link) => `${link}\n`)
      .join(""),
  );
  rmSync(folder, { recursive: true, force: true });
  for (const [file, text] of files) {
    mkdirSync(posix.dirname(`${folder}/${file}`), { recursive: true });
    writeFileSync(`${folder}/${file}`, text);
  }
  for (const image of read.images) {
    mkdirSync(posix.dirname(`${folder}/${image}`), { recursive: true });
    copyFileSync(`${root}/${image}`, `${folder}/${image}`);
  }
  return { ...read, outline, files: [...files.keys(), ...read.images] };
}

/** What the pages say, heading by heading; sources and folders are not searched. */
export function searchRecords({ pages }: ReadPages): SearchRecord[] {
  return [...pages.values()].flatMap(({ output, title, sections }) =>
    sections.map(({ heading, text }) => ({
      id: heading.level === 1 ? output : `${output}#${heading.id}`,
      p: title,
      h: heading.text,
      t: text,
    })),
  );
}

async function buildAssets(root: string): Promise<[string, string][]> {
  const source = `${root}/scripts/site/page`;
  const { outputFiles } = await build({
    entryPoints: ["theme", "page", "search"].map((name) => `${source}/${name}.ts`),
    tsconfig: `${source}/tsconfig.json`,
    outdir: "/",
    bundle: true,
    minify: true,
    // Classic scripts: browsers load them from a disk, too.
    format: "iife",
    platform: "browser",
    target: "es2022",
    write: false,
    logLevel: "warning",
  });
  return [
    ...outputFiles.map(({ path, text }): [string, string] => [posix.basename(path.replaceAll("\\", "/")), text]),
    ...["site.css", "icon.svg"].map((name): [string, string] => [name, readFileSync(`${source}/${name}`, "utf8")]),
  ];
}
