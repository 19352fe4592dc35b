// Bundles a page, of an example or the studio's: `node scripts/bundle-page.js chat <directory>` puts page.js, index.html, style.css and icon.svg there.

import { cp, mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * @param {string} name `studio`, or the folder below examples/ that has the page
 * @param {string} directory where the page goes; made when it is not there
 */
export async function bundlePage(name, directory) {
  const source = join(root, name === "studio" ? "runtime/studio/page" : `examples/${name}/page`);
  await mkdir(directory, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: [join(source, "page.ts")],
    // It maps nanowire/client onto the browser's entry, for the generated client, too.
    tsconfig: join(source, "tsconfig.json"),
    outfile: join(directory, "page.js"),
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    legalComments: "none",
    logLevel: "warning",
  });
  for (const file of ["index.html", "style.css", "icon.svg"]) {
    await cp(join(source, file), join(directory, file));
  }
}

const [, script, name, directory] = process.argv;
if (script !== undefined && resolve(script) === fileURLToPath(import.meta.url)) {
  if (directory === undefined) {
    console.error("Usage: node scripts/bundle-page.js <name> <directory>");
    process.exitCode = 2;
  } else {
    await bundlePage(name, resolve(directory));
  }
}
