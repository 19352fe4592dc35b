import { spawnSync } from "node:child_process";
import { GeneratorError } from "../error.js";
import { optionsFileName, type ProtoFile } from "./proto-files.js";

/** A commit of the repository that a folder is in. Nothing is checked out: files are read from git's own store. */
export class GitTree {
  readonly #directory: string;
  readonly #commit: string;
  readonly #ref: string;

  private constructor(directory: string, commit: string, ref: string) {
    this.#directory = directory;
    this.#commit = commit;
    this.#ref = ref;
  }

  /**
   * Finds a commit.
   *
   * @param directory the working directory, of which paths are relative
   * @param ref a branch, a tag, a commit: whatever git knows
   * @returns undefined when git knows no such commit, or the folder is in no repository
   * @throws GeneratorError when there is no git
   */
  static find(directory: string, ref: string): GitTree | undefined {
    const { status, stdout } = git(directory, [
      "rev-parse",
      "--verify",
      "--quiet",
      "--end-of-options",
      `${ref}^{commit}`,
    ]);
    return status === 0 ? new GitTree(directory, stdout.toString("utf8").trim(), ref) : undefined;
  }

  /**
   * The .proto files below the given folders, as `readProtoFiles` reads them from the disk; links are not followed.
   *
   * @param roots relative to the working directory, with forward slashes
   * @throws GeneratorError when there are none
   */
  readProtoFiles(roots: readonly string[]): ProtoFile[] {
    const files = new Map<string, ProtoFile>();
    for (const root of roots) {
      const others = roots.filter((other) => other !== root && other.startsWith(root === "." ? "" : `${root}/`));
      const entries = this.#list([root]).filter(
        ({ path }) => path.endsWith(".proto") && !others.some((other) => path.startsWith(`${other}/`)),
      );
      const names = entries.map(({ path }) => (root === "." ? path : path.slice(root.length + 1)));
      const blobs = this.#read(entries.map(({ id }) => id));
      for (const [index, name] of names.entries()) {
        const isHidden = name.split("/").some((part) => part.startsWith(".") || part === "node_modules");
        if (!isHidden && !files.has(name)) {
          files.set(name, { name, path: entries[index]?.path ?? name, bytes: blobs[index] ?? new Uint8Array() });
        }
      }
    }
    if (![...files.keys()].some((name) => name !== optionsFileName)) {
      throw GeneratorError.of(
        `there is no .proto file in ${roots.join(", ")} at ${this.#ref}: name the folder that it had with --proto DIR, or a copy of it with --against DIR`,
      );
    }
    return [...files.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The text of one file, or undefined when the commit has none of that path. */
  readText(path: string): string | undefined {
    const [entry] = this.#list([path]);
    const [blob] = entry?.path === path ? this.#read([entry.id]) : [];
    return blob?.toString("utf8");
  }

  /** The files below some paths. */
  #list(paths: readonly string[]): { readonly id: string; readonly path: string }[] {
    const args = ["ls-tree", "-r", "-z", "--end-of-options", this.#commit, ...paths];
    const records = this.#run(args).toString("utf8").split("\0");
    return records.flatMap((record) => {
      // "100644 blob <id>\t<path>"; a link has the mode 120000.
      const [, id, path] = /^100\d{3} blob ([0-9a-f]+)\t([\s\S]+)$/.exec(record) ?? [];
      return id === undefined || path === undefined ? [] : [{ id, path }];
    });
  }

  /** The contents of blobs, each "<id> blob <size>\n<bytes>\n". */
  #read(ids: readonly string[]): Buffer[] {
    const output = this.#run(["cat-file", "--batch"], ids.map((id) => `${id}\n`).join(""));
    const blobs: Buffer[] = [];
    for (let at = 0; blobs.length < ids.length; ) {
      const headEnd = output.indexOf("\n", at);
      const size = Number(output.toString("latin1", at, headEnd).split(" ")[2]);
      blobs.push(output.subarray(headEnd + 1, headEnd + 1 + size));
      at = headEnd + 1 + size + 1;
    }
    return blobs;
  }

  #run(args: readonly string[], input = ""): Buffer {
    const { status, stdout, stderr } = git(this.#directory, args, input);
    if (status !== 0) {
      throw GeneratorError.of(`git ${args[0]} failed at ${this.#ref}: ${stderr.toString("utf8").trim()}`);
    }
    return stdout;
  }
}

/** A file's text as it was committed last, or undefined when it was not, or there is no git. The path is relative to the working directory. */
export function committedText(directory: string, path: string): string | undefined {
  try {
    return GitTree.find(directory, "HEAD")?.readText(path);
  } catch (error) {
    if (error instanceof GeneratorError) {
      return undefined;
    }
    throw error;
  }
}

const maxOutputBytes = 1 << 30;

function git(
  directory: string,
  args: readonly string[],
  input = "",
): { readonly status: number | null; readonly stdout: Buffer; readonly stderr: Buffer } {
  const { status, stdout, stderr, error } = spawnSync("git", args, {
    cwd: directory,
    input,
    maxBuffer: maxOutputBytes,
    windowsHide: true,
  });
  if (error !== undefined) {
    throw GeneratorError.of(`git could not be started, and is needed to read a commit: ${error.message}`);
  }
  return { status, stdout, stderr };
}
