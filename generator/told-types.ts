import type { CommandContext } from "./command-context.js";
import { GeneratorError } from "./error.js";
import { readModel } from "./generate.js";
import { printDescriptors } from "./print/descriptors.js";
import { compileProject } from "./project.js";
import { readSettings } from "./read/config.js";
import { readDescriptorsInput } from "./read/descriptors-input.js";
import { readOwnPackage } from "./read/package-root.js";
import { findPeers } from "./read/peers.js";

/** The flags by which a tool is told the types of messages. */
export interface TypeFlags {
  readonly proto?: readonly string[];
  readonly descriptors?: string;
}

/**
 * The text of what `nanowire generate --descriptors` writes, or the bytes of a file; undefined when none is named.
 *
 * @throws GeneratorError for both at once, and for what cannot be read or compiled
 */
export async function readToldTypes(
  { directory }: CommandContext,
  { proto, descriptors }: TypeFlags,
): Promise<string | Uint8Array | undefined> {
  if (proto === undefined) {
    return descriptors === undefined ? undefined : readDescriptorsInput(directory, descriptors);
  }
  if (descriptors !== undefined) {
    throw GeneratorError.of("--proto and --descriptors both tell the types: give one of them");
  }
  const own = readOwnPackage();
  const settings = readSettings(directory, { proto });
  const [requireBuf, requireTsProto] = findPeers(own, directory, ["@bufbuild/buf", "ts-proto"]);
  const read = readModel(await compileProject(directory, settings, own, { requireBuf, requireTsProto }));
  return printDescriptors(read.model.protocol, read.descriptors, read.own);
}
