import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { GeneratorError } from "../error.js";
import type { OwnPackage } from "./package-root.js";
import { requireOptional } from "./peers.js";

/** A scenario as a module of JavaScript. */
export interface ScenarioModule {
  readonly path: string;
  /** Removes what was written for it. */
  readonly remove: () => void;
}

/** What is asked of esbuild. */
interface Esbuild {
  readonly build: (options: object) => Promise<{ readonly outputFiles: readonly { readonly text: string }[] }>;
}

/** What a plugin of esbuild is given. */
interface EsbuildSetup {
  readonly onResolve: (
    options: { readonly filter: RegExp },
    resolve: (asked: { readonly path: string }) => { readonly path: string; readonly external: boolean },
  ) => void;
}

/** Where esbuild complains of something. */
interface Complaint {
  readonly text: string;
  readonly location: { readonly file: string; readonly line: number; readonly column: number } | null;
}

/**
 * Makes JavaScript of a scenario in TypeScript, with the files that it imports; packages stay outside. JavaScript is taken as it is.
 *
 * @param file relative to the directory
 * @throws GeneratorError when the file is not there or cannot be compiled, or esbuild is not installed
 */
export async function bundleScenario(own: OwnPackage, directory: string, file: string): Promise<ScenarioModule> {
  const path = resolve(directory, file);
  if (!existsSync(path)) {
    throw GeneratorError.of(`the scenario ${file} is not there`);
  }
  if (!/\.[mc]?tsx?$/.test(path)) {
    return { path, remove: () => {} };
  }
  const esbuild = requireOptional(own, directory, "esbuild") as Esbuild | undefined;
  if (esbuild === undefined) {
    throw GeneratorError.of(
      `the scenario ${file} is TypeScript, and that needs the package esbuild. Install it with\n  npm install -D esbuild`,
    );
  }
  const { outputFiles } = await build(esbuild, own, directory, path);
  const target = join(folderBeside(path), `nanowire-bots-${process.pid}-${basename(path)}.mjs`);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, outputFiles[0]?.text ?? "");
  return { path: target, remove: () => rmSync(target, { force: true }) };
}

async function build(esbuild: Esbuild, own: OwnPackage, directory: string, path: string): ReturnType<Esbuild["build"]> {
  try {
    return await esbuild.build({
      entryPoints: [path],
      absWorkingDir: directory,
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node20",
      packages: "external",
      plugins: [ownPackage(own)],
      sourcemap: "inline",
      sourcesContent: false,
      define: {
        "import.meta.url": JSON.stringify(pathToFileURL(path).href),
        "import.meta.filename": JSON.stringify(path),
        "import.meta.dirname": JSON.stringify(dirname(path)),
      },
      write: false,
      logLevel: "silent",
    });
  } catch (error) {
    const { errors } = error as { readonly errors?: readonly Complaint[] };
    if (errors === undefined) {
      throw error;
    }
    throw new GeneratorError(
      errors.map(({ text, location }) => ({
        message: location === null ? text : `${location.file}:${location.line}:${location.column + 1}: ${text}`,
      })),
    );
  }
}

/** Of nanowire there is one, the command's: its errors have one class, wherever the scenario finds the package. */
function ownPackage(own: OwnPackage): object {
  const { resolve } = createRequire(join(own.root, "package.json"));
  return {
    name: "nanowire",
    setup: ({ onResolve }: EsbuildSetup) => {
      onResolve({ filter: /^nanowire(?:\/|$)/ }, ({ path }) => ({
        path: pathToFileURL(resolve(path)).href,
        external: true,
      }));
    },
  };
}

/** A folder from which the scenario's packages are found, and that nobody commits, where there is one. */
function folderBeside(path: string): string {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "node_modules"))) {
      return join(folder, "node_modules/.cache");
    }
    if (folder === dirname(folder)) {
      return dirname(path);
    }
  }
}
