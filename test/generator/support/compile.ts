import { fromBinary } from "@bufbuild/protobuf";
import { type FileDescriptorSet, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { compileProtoFiles } from "../../../generator/read/buf.js";
import { readOwnOptions, readOwnPackage } from "../../../generator/read/package-root.js";
import { findBufBinary, findPeers } from "../../../generator/read/peers.js";

const own = readOwnPackage();
const [requireBuf] = findPeers(own, own.root, ["@bufbuild/buf"]);

/** Compiles .proto files: name → text. What they import of Google's and of nanowire's is there. */
export async function compileTexts(files: Readonly<Record<string, string>>): Promise<FileDescriptorSet> {
  const encoder = new TextEncoder();
  const entries = Object.entries(files).map(([name, text]) => ({ name, path: name, bytes: encoder.encode(text) }));
  const bytes = await compileProtoFiles(findBufBinary(requireBuf), entries, readOwnOptions(own));
  return fromBinary(FileDescriptorSetSchema, bytes);
}
