import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import { generatedFile } from "./generated-folder.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
// Inside the project, so that packages are found; git ignores it.
const folder = `${root}node_modules/.docs-programs`;

/** What a program is given here that a reader has otherwise. */
export interface Circumstances {
  /** Other words in place of some: `{ 3250: "41027" }`, a port that is free. Ports that are not named are any. */
  readonly instead?: Readonly<Record<string, string>>;
  /** What the test wants of the same modules: `export { startTestServer } from "nanowire/testing";` */
  readonly more?: string;
}

/** A test of a page. */
export interface PageTest {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** The programs of a page, run as they stand there. */
export class PageProgram {
  readonly #page: string;
  readonly #blocks: readonly string[];

  /** @param page relative to the project's folder: `docs/sessions.md` */
  constructor(page: string) {
    const text = readFileSync(root + page, "utf8");
    this.#page = page;
    this.#blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);
  }

  /** How many programs there are. */
  get count(): number {
    return this.#blocks.length;
  }

  /**
   * Runs the program that contains some words.
   *
   * @param words they stand in one program of the page only
   * @param exported what the program names and the test wants
   */
  async run<T>(
    words: string,
    exported: readonly string[],
    { instead = {}, more = "" }: Circumstances = {},
  ): Promise<T> {
    const code = `${withInstead(this.#block(words), instead)}\nexport { ${exported.join(", ")} };\n${more}\n`;
    const { outputFiles } = await build({
      stdin: { contents: code, loader: "ts", resolveDir: `${root}docs` },
      // The longer names first: the first that fits is taken.
      alias: {
        "nanowire/bots": `${root}runtime/bots/index.ts`,
        "nanowire/capture": `${root}runtime/capture/index.ts`,
        "nanowire/client": `${root}runtime/client/index.ts`,
        "nanowire/grpc": `${root}runtime/cluster/grpc/index.ts`,
        "nanowire/json": `${root}runtime/protocol/json/index.ts`,
        "nanowire/nats": `${root}runtime/cluster/nats/index.ts`,
        "nanowire/opentelemetry": `${root}runtime/metrics/opentelemetry/index.ts`,
        "nanowire/prometheus": `${root}runtime/metrics/prometheus/index.ts`,
        "nanowire/reflection": `${root}runtime/reflection/index.ts`,
        "nanowire/statsd": `${root}runtime/metrics/statsd/index.ts`,
        "nanowire/studio": `${root}runtime/studio/index.ts`,
        "nanowire/testing": `${root}runtime/testing/index.ts`,
        "nanowire/tracing": `${root}runtime/tracing/opentelemetry/index.ts`,
        "nanowire/wire": `${root}runtime/protocol/wire/index.ts`,
        nanowire: `${root}runtime/index.ts`,
      },
      bundle: true,
      format: "esm",
      platform: "node",
      packages: "external",
      external: ["ws"],
      plugins: [keptTests, this.#files()],
      write: false,
      logLevel: "silent",
    });
    mkdirSync(folder, { recursive: true });
    // A module is run once: each run is another.
    const file = `${folder}/${randomUUID()}.mjs`;
    writeFileSync(file, (outputFiles[0] as { text: string }).text);
    return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as T;
  }

  /** The tests of the program that contains some words: it hands them to `node:test`. */
  async tests(words: string): Promise<readonly PageTest[]> {
    const more = 'export { tests } from "node:test";';
    const { tests } = await this.run<{ tests: readonly PageTest[] }>(words, [], { more });
    return tests;
  }

  #block(words: string): string {
    const [block, another] = this.#blocks.filter((code) => code.includes(words));
    if (block === undefined || another !== undefined) {
      const number = block === undefined ? "no program" : "several programs";
      throw new Error(`${JSON.stringify(words)} stand in ${number} of ${this.#page}`);
    }
    return block;
  }

  /** A program that begins with `// room.ts` is that file to the others of its page. */
  #files(): Plugin {
    return {
      name: "files-of-the-page",
      setup: ({ onResolve, onLoad }) => {
        onResolve({ filter: /^\.\.\/generated\// }, ({ path }) => ({
          path: generatedFile(path).replace(/\.js$/, ".ts"),
        }));
        onResolve({ filter: /^\.\/[\w-]+\.js$/ }, ({ path, importer }) =>
          importer === "<stdin>" ? { path: path.slice(2, -3), namespace: "page" } : undefined,
        );
        onLoad({ filter: /.*/, namespace: "page" }, ({ path }) => ({
          contents: this.#block(`// ${path}.ts\n`),
          loader: "ts",
          resolveDir: `${root}docs`,
        }));
      },
    };
  }
}

/** Keeps tests, instead of running them. */
const keptTests: Plugin = {
  name: "kept-tests",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:test$/ }, ({ path }) => ({ path, namespace: "kept-tests" }));
    onLoad({ filter: /.*/, namespace: "kept-tests" }, () => ({
      contents: "export const tests = []; export default (name, run) => tests.push({ name, run });",
    }));
  },
};

function withInstead(code: string, instead: Readonly<Record<string, string>>): string {
  const listening = code.replace(
    /\bport: ([1-9]\d*)/g,
    (_listens, port: string) => `host: "127.0.0.1", port: ${instead[port] ?? 0}`,
  );
  return Object.entries(instead).reduce((changed, [words, others]) => {
    if (!code.includes(words)) {
      throw new Error(`${JSON.stringify(words)} do not stand in the program`);
    }
    return changed.replaceAll(words, others);
  }, listening);
}
