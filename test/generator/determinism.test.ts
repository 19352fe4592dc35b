import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { type Generated, generate } from "../../generator/generate.js";
import { defaultChoices } from "../../generator/model/choices.js";
import { emptyLock, formatRoutesLock, parseRoutesLock, type RoutesLock } from "../../generator/model/routes-lock.js";
import { compileProtoFiles } from "../../generator/read/buf.js";
import { readOwnOptions, readOwnPackage } from "../../generator/read/package-root.js";
import { findBufBinary, findPeers } from "../../generator/read/peers.js";
import { readProtoFiles } from "../../generator/read/proto-files.js";
import { readTemplates } from "../../generator/read/templates.js";

const own = readOwnPackage();
const [requireBuf, requireTsProto, requireHandlebars] = findPeers(own, own.root, [
  "@bufbuild/buf",
  "ts-proto",
  "handlebars",
]);
const scenarios = join(own.root, "test/generator/scenarios");

/** The lock that a scenario begins with. */
function lockOf(name: string): RoutesLock {
  const file = join(scenarios, name, "proto/routes.lock.json");
  return existsSync(file) ? parseRoutesLock(readFileSync(file, "utf8"), file) : emptyLock;
}

function generateOf(
  files: readonly FileDescriptorProto[],
  paths: ReadonlyMap<string, string>,
  lock = emptyLock,
  json = true,
): Generated {
  return generate({
    compiled: files,
    own: paths,
    lock,
    lockFile: "proto/routes.lock.json",
    choices: { ...defaultChoices, json },
    templates: readTemplates(own, { directory: own.root, folder: undefined }),
    requireTsProto,
    requireHandlebars,
  });
}

describe("the same input gives the same bytes", () => {
  test.each(readdirSync(scenarios))("in whatever order the files come: %s", async (name) => {
    const sources = readProtoFiles(join(scenarios, name), ["proto"]);
    const paths = new Map(sources.map((file) => [file.name, file.path]));
    const compile = (files: typeof sources): Promise<Uint8Array> =>
      compileProtoFiles(findBufBinary(requireBuf), files, readOwnOptions(own));
    const descriptors = async (files: typeof sources): Promise<FileDescriptorProto[]> =>
      fromBinary(FileDescriptorSetSchema, await compile(files)).file;

    const first = generateOf(await descriptors(sources), paths, lockOf(name), name !== "no-json");
    const turned = generateOf(
      (await descriptors([...sources].reverse())).reverse(),
      new Map([...paths].reverse()),
      lockOf(name),
      name !== "no-json",
    );
    expect([...turned.files].sort()).toEqual([...first.files].sort());
    expect(formatRoutesLock(turned.lock)).toBe(formatRoutesLock(first.lock));
  });

  test("a file comes out the same, whatever else is generated with it", async () => {
    const sources = readProtoFiles(join(scenarios, "packages"), ["proto"]);
    const { file } = fromBinary(
      FileDescriptorSetSchema,
      await compileProtoFiles(findBufBinary(requireBuf), sources, readOwnOptions(own)),
    );
    const all = generateOf(file, new Map(sources.map(({ name, path }) => [name, path])));
    const alone = generateOf(file, new Map([["match/v1/match.proto", "proto/match/v1/match.proto"]]));
    expect(alone.files.get("match/v1/match.ts")).toBe(all.files.get("match/v1/match.ts"));
    expect(alone.files.get("common/user.ts")).toBe(all.files.get("common/user.ts"));
  });
});
