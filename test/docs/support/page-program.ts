import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../../../", import.meta.url));
// Inside the project, so that packages are found; git ignores it.
const folder = `${root}node_modules/.docs-programs`;

/** The programs of a page, run as they stand there. */
export class PageProgram {
  readonly #blocks: readonly string[];

  /** @param page relative to the project's folder: `docs/sessions.md` */
  constructor(page: string) {
    const text = readFileSync(root + page, "utf8");
    this.#blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);
  }

  /**
   * Runs the program that contains some words.
   *
   * @param words they stand in one program of the page only
   * @param exported what the program names and the test wants
   */
  async run<T>(words: string, exported: readonly string[]): Promise<T> {
    const [code, another] = this.#blocks.filter((block) => block.includes(words));
    if (code === undefined || another !== undefined) {
      throw new Error(`${JSON.stringify(words)} stand in ${code === undefined ? "no program" : "several programs"}`);
    }
    const { outputFiles } = await build({
      stdin: { contents: `${code}\nexport { ${exported.join(", ")} };\n`, loader: "ts", resolveDir: `${root}docs` },
      // The longer names first: the first that fits is taken.
      alias: {
        "nanowire/client": `${root}runtime/client/index.ts`,
        "nanowire/json": `${root}runtime/protocol/json/index.ts`,
        "nanowire/testing": `${root}runtime/testing/index.ts`,
        "nanowire/wire": `${root}runtime/protocol/wire/index.ts`,
        nanowire: `${root}runtime/index.ts`,
      },
      bundle: true,
      format: "esm",
      platform: "node",
      packages: "external",
      external: ["ws"],
      write: false,
    });
    mkdirSync(folder, { recursive: true });
    // A module is run once: each run is another.
    const file = `${folder}/${randomUUID()}.mjs`;
    writeFileSync(file, (outputFiles[0] as { text: string }).text);
    return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as T;
  }
}
