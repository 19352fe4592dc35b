import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** Packs what was built, as `npm publish` would, and returns the path of the tarball. */
export function pack(folder: string): string {
  if (!existsSync(`${root}dist/generator/cli.js`)) {
    throw new Error("dist/ is not there: run `npm run build` first");
  }
  execFileSync("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: root, stdio: "pipe" });
  const [tarball] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  return join(folder, tarball ?? "");
}

/** An empty folder outside the project. */
export function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), "nanowire-"));
}

/**
 * Runs a command in a folder, as somebody who has only a shell. Returns what it printed.
 *
 * @throws Error with all that it printed, when it fails
 */
export function run(folder: string, command: string): string {
  const { status, signal, stdout, stderr } = spawnSync("bash", ["-ec", command], {
    cwd: folder,
    encoding: "utf8",
    env: plainEnvironment(),
    stdio: "pipe",
  });
  if (status !== 0) {
    throw new Error(`${command} ended with ${signal ?? status}:\n${stdout}${stderr}`);
  }
  return stdout;
}

/** The environment without what npm and vitest put there for their own children. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|NODE_ENV|TEST|INIT_CWD)/i.test(name));
  return { ...Object.fromEntries(entries), NO_COLOR: "1", npm_config_prefer_offline: "true" };
}
