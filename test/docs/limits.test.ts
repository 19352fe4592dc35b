import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { connect } from "../../runtime/client/index.js";
import { resolveOptions } from "../../runtime/server/options.js";
import type { Server } from "../../runtime/server/server.js";
import { memory } from "../../runtime/transport/memory.js";
import {
  ArenaClient,
  ArenaEventsClient,
} from "../generator/scenarios/policies/expected/generated/arena/v1/arena.client.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const scenario = `${root}test/generator/scenarios/policies`;
// Inside the project, so that packages are found; git ignores it.
const folder = `${root}node_modules/.docs-limits`;
const page = readFileSync(`${root}docs/limits.md`, "utf8");

function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(([, code = ""]) => code);
}

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // The server of the page speaks of its listeners.
  vi.spyOn(console, "info").mockImplementation(() => {});
});

afterAll(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** A test of the page. */
interface PageTest {
  readonly name: string;
  readonly run: () => Promise<void>;
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

/** Runs a program of the page, on a free port and with the code that is generated for its .proto, and returns what it exports. */
async function run<T>(index: number, more = ""): Promise<T> {
  const code = (blocks("ts")[index] as string)
    .replace(/port: [1-9]\d*/g, 'host: "127.0.0.1", port: 0')
    .replaceAll('"../generated/', `"${scenario}/expected/generated/`);
  const outfile = `${folder}/${index}.mjs`;
  await build({
    stdin: { contents: code + more, resolveDir: `${root}docs`, loader: "ts" },
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    alias: {
      "nanowire/client": `${root}runtime/client/index.ts`,
      "nanowire/json": `${root}runtime/protocol/json/index.ts`,
      "nanowire/testing": `${root}runtime/testing/index.ts`,
      "nanowire/wire": `${root}runtime/protocol/wire/index.ts`,
      nanowire: `${root}runtime/index.ts`,
    },
    plugins: [keptTests],
    logLevel: "silent",
  });
  return (await import(pathToFileURL(outfile).href)) as T;
}

describe("docs/limits.md", () => {
  it("shows a .proto that is generated and run in test/generator/scenarios/policies", () => {
    const proto = readFileSync(`${scenario}/proto/arena/v1/arena.proto`, "utf8");
    expect(blocks("proto")).toHaveLength(2);
    expect(blocks("proto").filter((block) => !proto.includes(block))).toEqual([]);
  });

  it("tells the defaults that the options have", () => {
    const section = page.slice(page.indexOf("## Limits of a server"), page.indexOf("## Testing it"));
    const rows = [...section.matchAll(/^\| `(\w+)` \| [^|]+ \| ([\d,]+) \|/gm)];
    const { maxConnections, ...others } = resolveOptions({ components: [], listen: [memory()] });
    const options: Readonly<Record<string, unknown>> = { maxConnections, ...others };
    expect(rows).toHaveLength(11);
    expect(rows.map(([, name = "", value]) => [name, value?.replaceAll(",", "")])).toEqual(
      rows.map(([, name = ""]) => [name, String(options[name])]),
    );
  });

  it("a sender that waits for its client sends everything, and never fills the outbox", async () => {
    const { server } = await run<{ server: Server }>(0);
    onTestFinished(() => server.stop());
    const connection = await connect(`tcp://127.0.0.1:${server.addresses[0]?.port}`);
    onTestFinished(() => connection.close());
    const steps: number[] = [];
    const all = new Promise<void>((resolve) => {
      new ArenaEventsClient(connection).onSparkled(({ x }) => {
        if (steps.push(x) === 100_000) {
          resolve();
        }
      });
    });
    expect(await new ArenaClient(connection).find({ name: "ada" })).toEqual({ unitId: 3 });
    await all;
    expect(steps).toEqual(Array.from({ length: 100_000 }, (_, index) => index));
    expect(server.counters).toMatchObject({ pushes: 100_000, droppedPushes: 0, closed: {} });
  });

  it("has tests that pass", async () => {
    const { tests } = await run<{ tests: PageTest[] }>(1, '\nexport { tests } from "node:test";\n');
    expect(tests.map(({ name }) => name)).toEqual([
      "a player who falls behind is told the newest place of each unit",
      "while a player is looked for, only his newest wishes wait",
    ]);
    for (const each of tests) {
      await each.run();
    }
  });
});
