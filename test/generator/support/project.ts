import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { runNanowire } from "../../../generator/commands.js";

/** What a command printed, and how it ended. */
export interface CommandResult {
  readonly exitCode: number;
  /** The lines on standard output. */
  readonly printed: readonly string[];
  /** The lines on standard error. */
  readonly errors: readonly string[];
}

/** A folder of files that is there for one test. */
export class Project {
  readonly directory: string;

  /** Makes the folder, and removes it when the test is over. */
  constructor(files: Readonly<Record<string, string>> = {}) {
    this.directory = temporaryFolder();
    this.write(files);
  }

  /** A copy of a folder. */
  static copyOf(folder: string): Project {
    const project = new Project();
    cpSync(folder, project.directory, { recursive: true });
    return project;
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.directory, path)), { recursive: true });
      writeFileSync(join(this.directory, path), text);
    }
  }

  read(path: string): string {
    return readFileSync(join(this.directory, path), "utf8");
  }

  remove(path: string): void {
    rmSync(join(this.directory, path), { recursive: true });
  }

  /** The files below a folder, with forward slashes, sorted. */
  list(folder = "."): string[] {
    return listFiles(join(this.directory, folder));
  }

  /** Runs `nanowire …` here. */
  async run(...args: string[]): Promise<CommandResult> {
    const printed: string[] = [];
    const errors: string[] = [];
    const exitCode = await runNanowire(args, {
      directory: this.directory,
      print: (line) => printed.push(...line.split("\n")),
      printError: (line) => errors.push(...line.split("\n")),
    });
    return { exitCode, printed, errors };
  }

  /** Runs `nanowire generate …`, which must succeed, and returns what it printed. */
  async generate(...args: string[]): Promise<readonly string[]> {
    const result = await this.run("generate", ...args);
    if (result.exitCode !== 0) {
      throw new Error(result.errors.join("\n"));
    }
    return result.printed;
  }

  /** Runs `nanowire generate …`, which must fail, and returns its errors without the last line, which counts them. */
  async errors(...args: string[]): Promise<readonly string[]> {
    const result = await this.run("generate", ...args);
    if (result.exitCode !== 1) {
      throw new Error(`it did not fail: ${result.printed.join("\n")}`);
    }
    return result.errors.slice(0, -1);
  }
}

/** An empty folder of this test's own. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "nanowire-test-")));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** The files below a folder, with forward slashes, sorted. */
export function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll("\\", "/"),
    )
    .sort();
}

/** The text of a .proto file: `lines` after the usual beginning, which is six lines long. */
export function proto(...lines: readonly string[]): string {
  return [
    'syntax = "proto3";',
    "package test.v1;",
    'import "google/protobuf/empty.proto";',
    'import "nanowire/options.proto";',
    "message Text { string text = 1; }",
    "message Other { google.protobuf.Empty empty = 1; }",
    ...lines,
    "",
  ].join("\n");
}
