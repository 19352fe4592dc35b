import { spawnSync } from "node:child_process";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { readOwnPackage } from "../../generator/read/package-root.js";
import { findBufBinary, findPeers } from "../../generator/read/peers.js";

/** The .proto file that holds the messages. */
export const codecProto = "bench/v1/echo.proto";

/** Where ts-proto's own output is, as one module. */
export const tsProtoModule = "ts-proto.mjs";

/** Where the descriptors are, a google.protobuf.FileDescriptorSet. */
export const descriptorSet = "image.binpb";

/**
 * Makes what the other codecs need: what ts-proto's plugin writes, with 64-bit integers as bigint, as Nanowire's are, and the
 * descriptors, which protobuf-es works from.
 *
 * @param directory an empty folder
 */
export async function prepareCodecs(directory: string): Promise<void> {
  const own = readOwnPackage();
  const [requireBuf, requireTsProto] = findPeers(own, own.root, ["@bufbuild/buf", "ts-proto"]);
  const buf = findBufBinary(requireBuf);
  cpSync(join(own.root, "bench/proto", codecProto), join(directory, "proto", codecProto), { recursive: true });
  const plugin = {
    local: [process.execPath, requireTsProto.resolve("./protoc-gen-ts_proto")],
    out: "generated",
    opt: ["forceLong=bigint", "esModuleInterop=true"],
  };
  writeFileSync(join(directory, "buf.yaml"), "version: v2\nmodules:\n  - path: proto\n");
  writeFileSync(join(directory, "buf.gen.yaml"), JSON.stringify({ version: "v2", plugins: [plugin] }));
  runBuf(buf, directory, "generate");
  runBuf(buf, directory, "build", "-o", descriptorSet);
  await build({
    entryPoints: [join(directory, "generated", codecProto.replace(/\.proto$/, ".ts"))],
    outfile: join(directory, tsProtoModule),
    nodePaths: [join(own.root, "node_modules")],
    bundle: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    logLevel: "silent",
  });
}

function runBuf(buf: string, directory: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(buf, args, { cwd: directory, encoding: "utf8" });
  if (status !== 0) {
    throw new Error(`buf ${args.join(" ")} ended with ${status ?? error?.message}: ${stderr}`);
  }
}
