// What `npm run build` runs: everything that is shipped or run, from the sources into dist/. It is made aside and then
// put in dist's place: nothing old stays, and a program that is just being started from dist/ finds all of its files.

import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundlePage } from "./bundle-page.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");
const cache = join(root, "node_modules/.cache");

mkdirSync(cache, { recursive: true });
const workshop = mkdtempSync(join(cache, "build-"));
try {
  const made = join(workshop, "made");
  compile(made);
  makeBinsExecutable(made);
  await bundlePage("studio", join(made, "runtime/studio/page"));
  for (const example of ["chat", "tadpole"]) {
    await bundlePage(example, join(made, "examples", example, "page"));
  }
  putInPlace(made);
} catch (error) {
  // What is there is not what the sources say: better nothing than that.
  rmSync(dist, { recursive: true, force: true });
  console.error(`The build failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  rmSync(workshop, { recursive: true, force: true });
}

function compile(directory) {
  const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
  const { status, signal, error } = spawnSync(
    process.execPath,
    [tsc, "-p", "tsconfig.build.json", "--outDir", directory],
    { cwd: root, stdio: "inherit" },
  );
  if (error !== undefined || status !== 0) {
    throw new Error(`tsc ended with ${error?.message ?? signal ?? status}`);
  }
}

function makeBinsExecutable(directory) {
  const { bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const path of Object.values(bin)) {
    const file = join(directory, path.replace(/^(\.\/)?dist\//, ""));
    if (!existsSync(file)) {
      throw new Error(`package.json names the command ${path}, which is not built`);
    }
    if (!readFileSync(file, "utf8").startsWith("#!")) {
      throw new Error(`${path} is a command and does not begin with #!`);
    }
    chmodSync(file, 0o755);
  }
}

/** Two builds may run at once, as `npm run chat` and `npm run chat:terminal` do: the last one's stays. */
function putInPlace(made) {
  for (let attempt = 1; ; attempt++) {
    try {
      renameSync(dist, join(workshop, `old-${attempt}`));
    } catch (error) {
      if (error.code !== "ENOENT") {
        throw error;
      }
    }
    try {
      renameSync(made, dist);
      return;
    } catch (error) {
      // Another build has put its own there in between.
      if (error.code !== "ENOTEMPTY" || attempt === 10) {
        throw error;
      }
    }
  }
}
