import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { bundledProgram } from "../support/bundled-program.js";
import type { AgainReport } from "./support/again-program.js";

const program = bundledProgram("test/server/support/again-program.ts");

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
