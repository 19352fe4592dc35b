import type { ReadInput } from "./generate.js";
import { emptyLock, parseRoutesLock } from "./model/routes-lock.js";
import { loadTsProto } from "./print/ts-proto.js";
import { compileProtoFiles } from "./read/buf.js";
import type { Settings } from "./read/config.js";
import { type OwnPackage, readOwnOptions } from "./read/package-root.js";
import { findBufBinary, type PeerRequire } from "./read/peers.js";
import { readProtoFiles } from "./read/proto-files.js";
import { rulesProtoFrom } from "./read/rules-proto.js";
import { readIfThere } from "./write/output.js";

/** The packages that compiling a project takes. */
export interface ProjectPeers {
  readonly requireBuf: PeerRequire;
  readonly requireTsProto: PeerRequire;
}

/** A project's files, compiled, and its lock. */
export interface CompiledProject extends ReadInput {
  /** What the lock's file holds; undefined when it is not there. */
  readonly lockText: string | undefined;
}

/**
 * Reads a project's .proto files and its lock, and compiles the files. While they are compiled, ts-proto is loaded, which
 * takes as long for a small project.
 *
 * @param directory the working directory
 * @param loadMore loads what else is needed afterwards
 * @throws GeneratorError with everything that the compiler found
 */
export async function compileProject(
  directory: string,
  settings: Settings,
  own: OwnPackage,
  { requireBuf, requireTsProto }: ProjectPeers,
  loadMore?: () => void,
): Promise<CompiledProject> {
  const files = readProtoFiles(directory, settings.protoRoots);
  const lockText = readIfThere(directory, settings.lockFile);
  return {
    lock: lockText === undefined ? emptyLock : parseRoutesLock(lockText, settings.lockFile),
    lockText,
    lockFile: settings.lockFile,
    compiled: await compileProtoFiles(findBufBinary(requireBuf), files, readOwnOptions(own), {
      rules: rulesProtoFrom(own, directory),
      meanwhile() {
        loadTsProto(requireTsProto);
        loadMore?.();
      },
    }),
    own: new Map(files.map((file) => [file.name, file.path])),
    choices: settings.choices,
    requireTsProto,
  };
}
