import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { generatedFile } from "./support/generated-folder.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
// Inside the project, so that imports are resolved as a reader's would be; git ignores it.
const folder = `${root}node_modules/.docs-code`;

interface Block {
  readonly page: string;
  readonly index: number;
  readonly code: string;
}

const pages = readdirSync(`${root}docs`)
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/${name}`);
const blocks: Block[] = pages.flatMap((page) =>
  [...readFileSync(root + page, "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ""], index) => ({
    page,
    index,
    code,
  })),
);

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the code in docs/", () => {
  test("there is some, in each guide", () => {
    const shown = new Set(blocks.map(({ page }) => page));
    const guides = [
      "bots",
      "capture",
      "client",
      "cluster",
      "cluster-failures",
      "cluster-nats",
      "cluster-grpc",
      "cluster-users",
      "coming-from-colyseus",
      "coming-from-nano",
      "coming-from-pitaya",
      "coming-from-pomelo",
      "deployment",
      "getting-started",
      "groups",
      "life-cycle",
      "jobs",
      "limits",
      "listening",
      "logging",
      "metrics",
      "modules",
      "pipelines",
      "profiles",
      "remote",
      "repl",
      "security",
      "server",
      "sessions",
      "studio",
      "testing",
      "time",
      "tools",
      "up",
    ].map((name) => `docs/${name}.md`);
    expect(guides.filter((page) => !shown.has(page))).toEqual([]);
  });

  test("is run, on each page, by a test that names it", () => {
    const tests = readdirSync(`${root}test/docs`)
      .filter((name) => name.endsWith(".test.ts") && name !== "code.test.ts")
      .map((name) => readFileSync(`${root}test/docs/${name}`, "utf8"));
    const shown = [...new Set(blocks.map(({ page }) => page))];
    expect(shown.filter((page) => !tests.some((text) => text.includes(page)))).toEqual([]);
  });

  test("compiles under every strict flag", () => {
    const files = blocks.map(({ page, index, code }) => {
      // A program that begins with `// room.ts` is that file to the others of its page.
      const [, name = `${index}.ts`] = /^\/\/ ([\w-]+\.ts)\n/.exec(code) ?? [];
      const file = `${page.replace(/\W/g, "-")}/${name}`;
      const placed = code.replaceAll(/"(\.\.\/generated\/[^"]+)"/g, (_, path: string) => `"${generatedFile(path)}"`);
      mkdirSync(dirname(`${folder}/${file}`), { recursive: true });
      writeFileSync(`${folder}/${file}`, placed);
      return file;
    });
    const config = {
      extends: `${root}tsconfig.json`,
      compilerOptions: {
        rootDir: root,
        paths: {
          nanowire: [`${root}runtime/index.ts`],
          "nanowire/bots": [`${root}runtime/bots/index.ts`],
          "nanowire/capture": [`${root}runtime/capture/index.ts`],
          "nanowire/client": [`${root}runtime/client/index.ts`],
          "nanowire/grpc": [`${root}runtime/cluster/grpc/index.ts`],
          "nanowire/json": [`${root}runtime/protocol/json/index.ts`],
          "nanowire/nats": [`${root}runtime/cluster/nats/index.ts`],
          "nanowire/opentelemetry": [`${root}runtime/metrics/opentelemetry/index.ts`],
          "nanowire/prometheus": [`${root}runtime/metrics/prometheus/index.ts`],
          "nanowire/reflection": [`${root}runtime/reflection/index.ts`],
          "nanowire/repl": [`${root}runtime/repl/index.ts`],
          "nanowire/statsd": [`${root}runtime/metrics/statsd/index.ts`],
          "nanowire/studio": [`${root}runtime/studio/index.ts`],
          "nanowire/testing": [`${root}runtime/testing/index.ts`],
          "nanowire/tracing": [`${root}runtime/tracing/opentelemetry/index.ts`],
          "nanowire/up": [`${root}runtime/up/index.ts`],
          "nanowire/validate": [`${root}runtime/validate/index.ts`],
          "nanowire/wire": [`${root}runtime/protocol/wire/index.ts`],
        },
        noUnusedLocals: false,
        typeRoots: [`${root}node_modules/@types`],
      },
      include: [],
      files,
    };
    writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(config));
    const { status, stdout } = spawnSync("npx", ["--no-install", "tsc", "-p", `${folder}/tsconfig.json`], {
      cwd: root,
      encoding: "utf8",
    });
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });
});
