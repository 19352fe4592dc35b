import { mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Makes a module of the tests a program that Node runs by itself, before the tests of the file that asks for it. It is removed behind them.
 *
 * @param source the module's path, from the repository's root
 * @returns the program's path
 */
export function bundledProgram(source: string): string {
  const folder = `${root}node_modules/.${source.replace(/\W+/g, "-")}-${process.pid}`;
  const program = `${folder}/program.mjs`;
  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    await build({
      entryPoints: [root + source],
      outfile: program,
      bundle: true,
      format: "esm",
      platform: "node",
      packages: "external",
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return program;
}
