// What `npm run fuzz` runs: makes the fuzzer of test/fuzz one file, which needs no build, and starts it with the arguments that were given.

import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
// Below the project, so that packages are found from there.
const folder = join(root, "node_modules", `.fuzz-${process.pid}`);
const program = join(folder, "fuzz.mjs");
try {
  await build({
    entryPoints: [join(root, "test/fuzz/main.ts")],
    outfile: program,
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    logLevel: "warning",
  });
  const { status } = spawnSync(process.execPath, [program, ...process.argv.slice(2)], { cwd: root, stdio: "inherit" });
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
