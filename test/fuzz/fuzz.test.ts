import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../generator/support/project.js";
import { bundledProgram } from "../support/bundled-program.js";
import { targets } from "./targets.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const program = bundledProgram("test/fuzz/main.ts");

/** Runs the fuzzer as `npm run fuzz` does. */
function fuzz(
  ...flags: readonly string[]
): Promise<{ readonly code: number | null; readonly lines: readonly string[] }> {
  const child = spawn(process.execPath, [program, ...flags], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  return new Promise((resolve) => {
    child.once("close", (code) => resolve({ code, lines: text.trim().split("\n") }));
  });
}

/** How long it runs here: long enough to see that all is as it was, and NANOWIRE_FUZZ_SECONDS says otherwise. */
const seconds = process.env["NANOWIRE_FUZZ_SECONDS"] ?? "12";

describe("npm run fuzz", () => {
  it("finds nothing", { timeout: (Number(seconds) + 240) * 1_000 }, async () => {
    const { code, lines } = await fuzz("--seconds", seconds, "--failures", `${root}fuzz-failures`);
    // What failed, and how to try it again, is in the lines.
    expect({
      code,
      lines: lines.filter((line) => !/^(seed \d+|[\w-]+: \d+ inputs, [1-9]\d* taken)$/.test(line)),
    }).toEqual({
      code: 0,
      lines: [],
    });
    expect(lines).toHaveLength(1 + targets.length);
  });
});

describe("the fuzzer", () => {
  const corpus = ["--corpus", "test/fuzz/planted-corpus", "--seed", "1"];

  it("finds a fault, keeps its input, and finds it again by that and by the seed", async () => {
    const failures = temporaryFolder();
    const flags = [...corpus, "--target", "planted-fault", "--failures", failures];
    const { code, lines } = await fuzz(...flags, "--seconds", "60");
    expect(code).toBe(1);
    expect(lines.join("\n")).toContain("TypeError: the second byte is 255");
    const [file = ""] = readdirSync(failures);
    expect(lines.at(-1)).toBe(`again: npm run fuzz -- --target planted-fault --input ${failures}/${file}`);
    const again = await fuzz(...flags, "--input", `${failures}/${file}`);
    expect([again.code, again.lines[1]]).toEqual([1, "planted-fault: 1 inputs, 0 taken"]);
    const bySeed = await fuzz(...flags, "--seconds", "60");
    expect(bySeed.lines.slice(0, 2)).toEqual(lines.slice(0, 2));
  });

  it.each([
    ["planted-hang", "nothing came of it for 1000 ms"],
    ["planted-growth", "bytes behind"],
    ["planted-rejection", "nobody waits for it"],
  ])("finds what is no error of the input's: %s", { timeout: 120_000 }, async (target, what) => {
    const flags = ["--target", target, "--failures", temporaryFolder(), "--seconds", "4"];
    const { code, lines } = await fuzz(...corpus, ...flags, "--patience", "1");
    expect(code).toBe(1);
    expect(lines.join("\n")).toContain(what);
  });

  it("tells what it takes", async () => {
    expect((await fuzz("--target", "nothing")).code).toBe(2);
    expect((await fuzz("--seed", "x")).code).toBe(2);
  });
});
