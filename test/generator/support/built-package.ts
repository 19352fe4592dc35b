import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

const repository = fileURLToPath(new URL("../../..", import.meta.url));
const modules = join(repository, "node_modules");

/** A program that takes longer does not come back by itself. */
const longestMs = 60_000;

/** nanowire's package as it is published, as far as the generator goes. */
export interface BuiltPackage {
  readonly root: string;
  /** The bin `nanowire`. */
  readonly cli: string;
  /** The bin `protoc-gen-nanowire`. */
  readonly plugin: string;
}

/**
 * Compiles the generator into a folder.
 *
 * @param dependencies the packages that are installed beside it: all of the repository's, or the named ones only
 */
export function buildPackage(root: string, dependencies: "all" | readonly string[]): BuiltPackage {
  const tsconfig = {
    extends: join(repository, "tsconfig.json"),
    compilerOptions: {
      noEmit: false,
      rootDir: repository,
      outDir: join(root, "dist"),
      typeRoots: [join(modules, "@types")],
    },
    include: [join(repository, "generator")],
    exclude: [],
  };
  writeFileSync(join(root, "tsconfig.json"), JSON.stringify(tsconfig));
  const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
  const result = spawnSync(process.execPath, [tsc, "-p", root], { encoding: "utf8" });
  expect(result.stdout + result.stderr).toBe("");
  for (const path of ["package.json", "generator/templates", "proto/nanowire"]) {
    cpSync(join(repository, path), join(root, path), { recursive: true });
  }
  if (dependencies === "all") {
    symlinkSync(modules, join(root, "node_modules"), "dir");
  } else {
    for (const name of dependencies) {
      mkdirSync(dirname(join(root, "node_modules", name)), { recursive: true });
      symlinkSync(join(modules, name), join(root, "node_modules", name), "dir");
    }
  }
  const built = { root, cli: join(root, "dist/generator/cli.js"), plugin: join(root, "dist/generator/plugin.js") };
  // npm makes bins executable; tsc does not.
  chmodSync(built.cli, 0o755);
  chmodSync(built.plugin, 0o755);
  return built;
}

/** Runs a program to its end. */
export function run(
  program: string,
  args: readonly string[],
  directory: string,
): { readonly exitCode: number | null; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: directory,
    encoding: "utf8",
    timeout: longestMs,
  });
  if (error !== undefined) {
    throw error;
  }
  return { exitCode: status, stdout, stderr };
}
