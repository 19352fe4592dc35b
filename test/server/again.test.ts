import { execFile } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AgainReport } from "./support/again-program.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = `${root}node_modules/.server-again`;
const program = `${folder}/program.mjs`;

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: [`${root}test/server/support/again-program.ts`],
    outfile: program,
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
  });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the program, which has to end by itself: nothing keeps it alive. */
async function run(mode: "same" | "several", rounds: number): Promise<AgainReport> {
  const args = ["--expose-gc", program, mode, String(rounds)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 100_000 });
  return JSON.parse(stdout) as AgainReport;
}

describe("what a process holds after its servers were stopped", () => {
  it("is what it held before, when one server was started 100 times", { timeout: 120_000 }, async () => {
    const { before, after, kept, grownBytes, answers, complaints } = await run("same", 100);
    expect(complaints).toEqual([]);
    expect(answers).toBe(300);
    expect(after).toEqual(before);
    expect(kept).toBe(0);
    // Of 20 lives with 3 clients each.
    expect(grownBytes).toBeLessThan(80_000);
  });

  it("is what it held before, when four servers at once were made and started 25 times", {
    timeout: 120_000,
  }, async () => {
    const { before, after, kept, grownBytes, answers, complaints } = await run("several", 25);
    expect(complaints).toEqual([]);
    expect(answers).toBe(300);
    expect(after).toEqual(before);
    expect(kept).toBe(0);
    expect(grownBytes).toBeLessThan(80_000);
  });
});
