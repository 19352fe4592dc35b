import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import type { OwnPackage } from "./package-root.js";
import { requireOptional } from "./peers.js";
import type { ProtoFile } from "./proto-files.js";
import { protoText } from "./proto-text.js";
import type { TarEntry } from "./tar.js";

/** What protovalidate's rules are written with. */
export const rulesFileName = "buf/validate/validate.proto";

/** Makes protovalidate's file from its package; undefined when that is not installed. */
export type RulesProto = () => Uint8Array | undefined;

/**
 * protovalidate's own file, as its package for JavaScript holds it: the user need not copy it, nor fetch it from the network. The package has its descriptor;
 * the text is made from that.
 *
 * @param directory the working directory, from which the package is looked for when it is not beside nanowire
 */
export function rulesProtoFrom(own: OwnPackage, directory: string): RulesProto {
  return () => {
    const module = requireOptional(own, directory, "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js");
    return module === undefined
      ? undefined
      : new TextEncoder().encode(protoText((module as Generated).file_buf_validate_validate.proto));
  };
}

/** What protovalidate's package exports there. */
interface Generated {
  readonly file_buf_validate_validate: { readonly proto: FileDescriptorProto };
}

/**
 * protovalidate's file as an entry of an archive, where files import it and none of them is it.
 *
 * @param folder where it goes, with a slash at its end
 */
export function rulesEntry(files: readonly ProtoFile[], folder: string, rules: RulesProto | undefined): TarEntry[] {
  const isWanted =
    files.every(({ name }) => name !== rulesFileName) &&
    files.some(({ bytes }) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(rulesFileName));
  const bytes = isWanted ? rules?.() : undefined;
  return bytes === undefined ? [] : [{ name: folder + rulesFileName, bytes }];
}
