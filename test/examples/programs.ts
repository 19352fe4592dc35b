import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { build } from "esbuild";
import { root, type TemporaryDirectory } from "./chat-fixture.js";

/**
 * The chat's programs as processes can run them, compiled from the sources as they are now: `dist/` is the build's own.
 * The directory is inside node_modules, so that they find their packages.
 */
export async function compilePrograms(): Promise<TemporaryDirectory> {
  const cache = join(root, "node_modules/.cache");
  await mkdir(cache, { recursive: true });
  const path = await mkdtemp(join(cache, "chat-programs-"));
  await build({
    absWorkingDir: root,
    entryPoints: ["demo", "main", "terminal"].map((name) => `examples/chat/${name}.ts`),
    outdir: path,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    external: ["ws", "@bufbuild/protobuf"],
    logLevel: "warning",
  });
  return { path, remove: () => rm(path, { recursive: true }) };
}

/** A program that was started. */
export interface Program {
  readonly process: ChildProcess;
  readonly stdout: Promise<string>;
  readonly stderr: Promise<string>;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** Runs a program, with nothing of this process's environment that changes what it prints. */
export function run(directory: string, name: string, args: readonly string[] = []): Program {
  const { PATH } = process.env;
  const child = spawn(process.execPath, [join(directory, `${name}.mjs`), ...args], {
    env: PATH === undefined ? {} : { PATH },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? signal));
  });
  return { process: child, stdout: text(child.stdout), stderr: text(child.stderr), ended };
}
