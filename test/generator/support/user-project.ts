import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const repository = fileURLToPath(new URL("../../..", import.meta.url));
const modules = join(repository, "node_modules");

/** The compilers that generated code is held to: TypeScript 7 and, under another name, TypeScript 5.9. */
export const compilers = ["typescript", "typescript-5"] as const;

/** Every flag by which a project may be stricter than another, and what the compiler needs for it. */
const strictFlags = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  declaration: true,
  isolatedDeclarations: true,
  erasableSyntaxOnly: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noFallthroughCasesInSwitch: true,
  noPropertyAccessFromIndexSignature: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  allowUnreachableCode: false,
  allowUnusedLabels: false,
  noEmit: true,
  target: "es2022",
  lib: ["es2023"],
  types: ["node"],
  skipLibCheck: true,
} as const;

/** How modules are found: as Node does, or as bundlers do, who need no ending. */
export type Resolution = "nodenext" | "bundler";

/** A folder in which nanowire is installed as a user has it: its declarations, and what they import. */
export class UserProject {
  readonly directory: string = realpathSync(mkdtempSync(join(tmpdir(), "nanowire-user-")));

  constructor() {
    const own = join(this.directory, "node_modules/nanowire");
    mkdirSync(own, { recursive: true });
    for (const name of ["@bufbuild", "@types"]) {
      symlinkSync(join(modules, name), join(this.directory, "node_modules", name), "dir");
    }
    writeFileSync(join(this.directory, "package.json"), '{ "type": "module" }');
    cpSync(join(repository, "package.json"), join(own, "package.json"));
    const tsconfig = {
      extends: join(repository, "tsconfig.build.json"),
      compilerOptions: {
        rootDir: repository,
        outDir: join(own, "dist"),
        emitDeclarationOnly: true,
        typeRoots: [join(modules, "@types")],
      },
      include: [join(repository, "runtime")],
    };
    writeFileSync(join(own, "tsconfig.json"), JSON.stringify(tsconfig));
    const output = tsc("typescript", own);
    if (output !== "") {
      throw new Error(output);
    }
  }

  /** Writes a file. */
  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.directory, path)), { recursive: true });
    writeFileSync(join(this.directory, path), text);
  }

  /** Checks files under every strict flag. @returns what the compiler complains of, or "" */
  check(compiler: (typeof compilers)[number], files: readonly string[], resolution: Resolution): string {
    const tsconfig = {
      compilerOptions: {
        ...strictFlags,
        module: resolution === "nodenext" ? "nodenext" : "esnext",
        moduleResolution: resolution,
        allowImportingTsExtensions: true,
      },
      files,
    };
    this.write("tsconfig.json", JSON.stringify(tsconfig));
    return tsc(compiler, this.directory);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function tsc(compiler: (typeof compilers)[number], project: string): string {
  const root = dirname(createRequire(import.meta.url).resolve(`${compiler}/package.json`));
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "bin/tsc"), "-p", project], {
    encoding: "utf8",
  });
  const output = stdout + stderr;
  return status === 0 || output !== "" ? output : `it ended with ${status}`;
}
