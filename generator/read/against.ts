import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { GeneratorError, type Problem } from "../error.js";
import { compileProtoFiles } from "./buf.js";
import { tidyPath } from "./config.js";
import { GitTree } from "./git.js";
import { type ProtoFile, readProtoFiles } from "./proto-files.js";
import type { RulesProto } from "./rules-proto.js";

/** The tree that another one is compared with. */
export interface AgainstTree {
  /** A google.protobuf.FileDescriptorSet. */
  readonly compiled: Uint8Array;
  /** The files of the user's own, by name, and their paths. */
  readonly own: ReadonlyMap<string, string>;
  /** The lock's text, when there is one. */
  readonly lockText: string | undefined;
  /** The lock's path. */
  readonly lockFile: string;
}

/** Where the tree is looked for. */
export interface AgainstOptions {
  /** A commit of git, a folder of .proto files, or a file with a google.protobuf.FileDescriptorSet. */
  readonly against: string;
  /** Where its lock is; undefined: where that of the tree of today is, or in the folder. */
  readonly lockFile: string | undefined;
}

/**
 * Reads the tree to compare with.
 *
 * @param directory the working directory
 * @param today the folders and the lock of the tree of today: a commit is looked through for the same
 * @throws GeneratorError when there is no such thing, it is two things at once, or it does not compile
 */
export async function readAgainst(
  directory: string,
  { against, lockFile }: AgainstOptions,
  today: { readonly protoRoots: readonly string[]; readonly lockFile: string },
  bufBinary: string,
  optionsProto: Uint8Array,
  rules: RulesProto,
): Promise<AgainstTree> {
  const path = resolve(directory, against);
  const isThere = existsSync(path);
  const tree = isThere && /[./\\]/.test(against) ? undefined : findCommit(directory, against, isThere);
  if (isThere && tree !== undefined) {
    throw GeneratorError.of(
      `${against} is a file or folder and a commit of git too: write ./${against} or refs/heads/${against}`,
    );
  }
  const readLock = (file: string): string | undefined =>
    existsSync(resolve(directory, file)) ? readFileSync(resolve(directory, file), "utf8") : undefined;
  /** A lock that was named and is not there would count as none, and hide every code that moved. */
  const found = (text: string | undefined, where: string): string | undefined => {
    if (text === undefined && lockFile !== undefined) {
      throw GeneratorError.of(
        `there is no ${lockFile}${where}: name the lock of that version with --against-lock FILE, or leave it out`,
      );
    }
    return text;
  };
  const compile = async (files: readonly ProtoFile[]): Promise<Pick<AgainstTree, "compiled" | "own">> => ({
    compiled: await compileOld(bufBinary, files, optionsProto, rules, against),
    own: new Map(files.map((file) => [file.name, file.path])),
  });

  if (tree !== undefined) {
    const lock = lockFile ?? today.lockFile;
    return {
      ...(await compile(tree.readProtoFiles(today.protoRoots))),
      lockText: found(tree.readText(lock), ` at ${against}`),
      lockFile: lock,
    };
  }
  if (!isThere) {
    throw GeneratorError.of(
      `there is no ${against}: no file or folder, and no commit of git (in CI, fetch it first: \`git fetch origin ${against}\`)`,
    );
  }
  if (statSync(path).isDirectory()) {
    const root = tidyPath(directory, against);
    const lock = lockFile ?? join(root, "routes.lock.json").replaceAll("\\", "/");
    return {
      ...(await compile(readProtoFiles(directory, [root]))),
      lockText: found(readLock(lock), ""),
      lockFile: lock,
    };
  }
  const compiled = readFileSync(path);
  const own = new Map(namesIn(compiled, against).map((name) => [name, name]));
  const lock = lockFile ?? "";
  return { compiled, own, lockText: lock === "" ? undefined : found(readLock(lock), ""), lockFile: lock };
}

/** A project may be in no repository, and git not be there: that is no error for a folder. */
function findCommit(directory: string, ref: string, isThere: boolean): GitTree | undefined {
  try {
    return GitTree.find(directory, ref);
  } catch (error) {
    if (isThere && error instanceof GeneratorError) {
      return undefined;
    }
    throw error;
  }
}

/** The files of an image, without those of Google's, which everybody has. */
function namesIn(image: Uint8Array, against: string): string[] {
  try {
    const names = fromBinary(FileDescriptorSetSchema, image).file.map(({ name }) => name);
    if (names.length > 0 && names.every((name) => name !== "")) {
      return names.filter((name) => !name.startsWith("google/protobuf/"));
    }
  } catch {
    // Told below.
  }
  throw GeneratorError.of(
    `${against} is no compiled set of .proto files: write one with \`buf build -o ${against}\`, or name a folder or a commit`,
  );
}

async function compileOld(
  bufBinary: string,
  files: readonly ProtoFile[],
  optionsProto: Uint8Array,
  rules: RulesProto,
  against: string,
): Promise<Uint8Array> {
  try {
    return await compileProtoFiles(bufBinary, files, optionsProto, { rules });
  } catch (error) {
    if (!(error instanceof GeneratorError)) {
      throw error;
    }
    throw new GeneratorError(
      error.problems.map((problem): Problem => ({ ...problem, message: `at ${against}: ${problem.message}` })),
    );
  }
}
