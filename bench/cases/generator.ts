import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readOwnPackage } from "../../generator/read/package-root.js";
import { findBufBinary, findPeers } from "../../generator/read/peers.js";
import type { CommandCase, PreparedCommand, PreparedCommands } from "../commands/command-comparison.js";
import { type TreeSize, writeProtoTree } from "../commands/proto-tree.js";

/** The generator as a whole, on the tree of a large project. */
export const generator: CommandCase = {
  name: "generator",
  kind: "commands",
  summary:
    "nanowire generate on a large tree of .proto files; against buf generate with the stock ts-proto plugin alone",
  comparisons: [
    {
      name: "with-json",
      title: "codecs, JSON codecs, stubs, proxies, dictionary; the plugin writes codecs with JSON in them",
      prepare: (directory, size) => prepare(directory, size, []),
    },
    {
      name: "no-json",
      title: "the same without JSON codecs (--no-json); the plugin as above",
      prepare: (directory, size) => prepare(directory, size, ["--no-json"]),
    },
  ],
};

function prepare(directory: string, size: TreeSize, flags: readonly string[]): PreparedCommands {
  const [ofPlugin, ofNanowire] = [join(directory, "plugin"), join(directory, "nanowire")];
  writeProtoTree(join(ofNanowire, "proto"), size);
  mkdirSync(ofPlugin);
  cpSync(join(ofNanowire, "proto"), join(ofPlugin, "proto"), { recursive: true });
  return {
    baseline: plugin(ofPlugin),
    subject: {
      name: "nanowire generate",
      command: {
        program: process.execPath,
        args: [fileURLToPath(new URL("../../generator/cli.js", import.meta.url)), "generate", ...flags],
        directory: ofNanowire,
      },
      reset: () => {
        rmSync(join(ofNanowire, "generated"), { recursive: true, force: true });
        rmSync(join(ofNanowire, "proto/routes.lock.json"), { force: true });
      },
    },
  };
}

/** buf's native binary, which starts ts-proto's plugin once for all files. */
function plugin(directory: string): PreparedCommand {
  const own = readOwnPackage();
  const [requireBuf, requireTsProto] = findPeers(own, own.root, ["@bufbuild/buf", "ts-proto"]);
  const local = [process.execPath, requireTsProto.resolve("./protoc-gen-ts_proto")];
  const config = { version: "v2", plugins: [{ local, out: "generated", strategy: "all" }] };
  writeFileSync(join(directory, "buf.yaml"), "version: v2\nmodules:\n  - path: proto\n");
  writeFileSync(join(directory, "buf.gen.yaml"), JSON.stringify(config));
  return {
    name: "ts-proto plugin",
    command: { program: findBufBinary(requireBuf), args: ["generate"], directory },
    reset: () => rmSync(join(directory, "generated"), { recursive: true, force: true }),
  };
}
