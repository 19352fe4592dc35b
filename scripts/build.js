// What `npm run build` runs: everything that is shipped or run, from the sources into dist/, which is made anew.

import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundlePage } from "./bundle-page.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");

try {
  rmSync(dist, { recursive: true, force: true });
  compile();
  makeBinsExecutable();
  await bundlePage(join(dist, "examples/chat/page"));
} catch (error) {
  console.error(`The build failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

function compile() {
  const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
  const { status, signal, error } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], {
    cwd: root,
    stdio: "inherit",
  });
  if (error !== undefined || status !== 0) {
    throw new Error(`tsc ended with ${error?.message ?? signal ?? status}`);
  }
}

function makeBinsExecutable() {
  const { bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const path of Object.values(bin)) {
    const file = join(root, path);
    if (!existsSync(file)) {
      throw new Error(`package.json names the command ${path}, which is not built`);
    }
    if (!readFileSync(file, "utf8").startsWith("#!")) {
      throw new Error(`${path} is a command and does not begin with #!`);
    }
    chmodSync(file, 0o755);
  }
}
