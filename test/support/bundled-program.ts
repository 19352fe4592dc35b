import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Makes a module of the tests a program that Node runs by itself, before the tests of the file that asks for it. It is removed behind them.
 *
 * @param source the module's path, from the repository's root
 * @param threads programs of threads that it starts, which lie beside it then: `worker.ts` is found as `./worker.js`
 * @returns the program's path
 */
export function bundledProgram(source: string, ...threads: readonly string[]): string {
  const folder = `${root}node_modules/.${source.replace(/\W+/g, "-")}-${process.pid}`;
  const program = `${folder}/program.js`;
  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/package.json`, '{ "type": "module" }');
    await build({
      entryPoints: [
        { in: root + source, out: "program" },
        ...threads.map((thread) => ({ in: root + thread, out: basename(thread, ".ts") })),
      ],
      outdir: folder,
      bundle: true,
      format: "esm",
      platform: "node",
      packages: "external",
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return program;
}
