import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { create, createFileRegistry, fromBinary, fromJson, toBinary, toJson } from "@bufbuild/protobuf";
import {
  CodeGeneratorRequestSchema,
  CodeGeneratorResponseSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { type Choices, defaultChoices } from "../../generator/model/choices.js";
import { CodecPrinter, codecParameter } from "../../generator/print/codecs.js";
import { mendCodecs } from "../../generator/print/mend.js";
import { compileProtoFiles } from "../../generator/read/buf.js";
import { readOwnOptions, readOwnPackage } from "../../generator/read/package-root.js";
import { findBufBinary, findPeers } from "../../generator/read/peers.js";
import { readProtoFiles } from "../../generator/read/proto-files.js";
import { Everything } from "./scenarios/messages/expected/generated/everything.js";
import { Everything as EverythingJson } from "./scenarios/messages/expected/generated/everything.json.js";
import { Wrapped } from "./scenarios/proto2/expected/generated/old.js";

const own = readOwnPackage();
const [requireBuf, requireTsProto] = findPeers(own, own.root, ["@bufbuild/buf", "ts-proto"]);

/** A scenario as a google.protobuf.FileDescriptorSet. */
function compileScenario(name: string): Promise<Uint8Array> {
  const files = readProtoFiles(join(own.root, "test/generator/scenarios", name), ["proto"]);
  return compileProtoFiles(findBufBinary(requireBuf), files, readOwnOptions(own));
}

describe("codecs printed in this process", () => {
  const requireFromPoet = createRequire(requireTsProto.resolve("ts-poet"));
  const dprint: { format(path: string, text: string, options: object): string } = requireFromPoet("dprint-node");
  /** As ts-proto formats what it prints. */
  const format = (text: string): string =>
    dprint.format("file.ts", text, {
      useTabs: false,
      useBraces: "always",
      singleBodyPosition: "nextLine",
      "arrowFunction.useParentheses": "force",
      "module.sortImportDeclarations": "caseSensitive",
      lineWidth: 120,
      preferSingleLine: true,
    });
  const mark = "/* eslint-disable */";
  /** What follows the header. */
  const body = (text: string): string => text.slice(text.indexOf(mark) + mark.length).trimStart();

  /** What ts-proto's plugin answers, by path. */
  function runPlugin(set: Uint8Array, proto: string, parameter: string): Map<string, string> {
    const request = create(CodeGeneratorRequestSchema, {
      fileToGenerate: [proto],
      parameter,
      protoFile: fromBinary(FileDescriptorSetSchema, set).file,
    });
    const plugin = requireTsProto.resolve("./protoc-gen-ts_proto");
    const { stdout, stderr } = spawnSync(process.execPath, [plugin], {
      input: toBinary(CodeGeneratorRequestSchema, request),
    });
    expect(stderr.toString()).toBe("");
    return new Map(fromBinary(CodeGeneratorResponseSchema, stdout).file.map(({ name, content }) => [name, content]));
  }

  test.each<[scenario: string, proto: string, chosen: Partial<Choices>]>([
    ["messages", "everything.proto", {}],
    ["messages", "everything.proto", { int64: "string", importExtension: "ts" }],
    ["packages", "lobby/v1/lobby.proto", {}],
    ["packages", "lobby/v1/lobby.proto", { importExtension: "none" }],
    ["names", "names.proto", {}],
    ["hostile", "hostile.proto", {}],
  ])(
    "are those of ts-proto's plugin but for their formatting and what is mended: %s, %s, %j",
    async (scenario, proto, chosen) => {
      const choices = { ...defaultChoices, ...chosen };
      const set = await compileScenario(scenario);
      const plugin = runPlugin(set, proto, codecParameter(choices));
      const protos = [...plugin.keys()].map((path) => path.replace(/\.ts$/, ".proto"));
      const printed = new CodecPrinter(requireTsProto, fromBinary(FileDescriptorSetSchema, set).file, choices).print(
        protos.map((name) => {
          const module = name.replace(/\.proto$/, "");
          return { proto: name, packageName: "", output: `${module}.ts`, tsNocheck: false };
        }),
      );
      expect(plugin.size).toBeGreaterThanOrEqual(1);
      expect([...printed.keys()].sort()).toEqual([...plugin.keys()].sort());
      for (const [path, text] of plugin) {
        expect(format(body(printed.get(path) ?? "")), path).toBe(format(mendCodecs(body(text), [])));
      }
    },
  );
});

describe("what the codecs write", () => {
  test("is read by protobuf's own implementation, and the other way round", async () => {
    const set = fromBinary(FileDescriptorSetSchema, await compileScenario("messages"));
    const schema = createFileRegistry(set).getMessage("everything.v1.Everything");
    expect(schema).toBeDefined();
    const theirs = (bytes: Uint8Array): unknown => schema && toJson(schema, fromBinary(schema, bytes));
    const fromTheirs = (json: object): Uint8Array =>
      schema ? toBinary(schema, fromJson(schema, JSON.parse(JSON.stringify(json)))) : new Uint8Array();

    const json = {
      aDouble: 1.5,
      aFloat: -0.25,
      anInt32: -7,
      anInt64: "-9223372036854775808",
      aUint32: 4294967295,
      aUint64: "18446744073709551615",
      aSint32: -2147483648,
      aSint64: "-1",
      aFixed32: 1,
      aFixed64: "2",
      aSfixed32: -3,
      aSfixed64: "-4",
      aBool: true,
      aString: "héllo 🎉",
      someBytes: "AAEC/w==",
      aLongString: "9007199254740993",
      maybeInt: 0,
      maybeString: "",
      maybeNested: { name: "n" },
      maybeColor: "COLOR_UNSPECIFIED",
      ints: [1, 2, -3],
      looseInts: [4, 5],
      strings: ["", "a"],
      nesteds: [{}, { name: "x", deeper: { color: "COLOR_BELOW" } }],
      colors: ["COLOR_RED", "COLOR_GREEN"],
      longs: ["1", "18446744073709551615"],
      byName: { a: "1", "": "2" },
      byNumber: { "-1": { name: "minus" } },
      byLong: { "9007199254740993": "COLOR_RED" },
      byBool: { true: "AQ==" },
      chosenLong: "0",
      at: "2026-01-02T03:04:05.678Z",
      anything: { a: 1, b: [true, null, { c: "d" }] },
      value: [1, "x"],
      list: [null, {}],
      textOrNull: "",
      longOrNull: "0",
      nothing: {},
      moments: ["1970-01-01T00:00:00.250Z"],
      oldNumber: 3,
    };
    const bytes = fromTheirs(json);
    const decoded = Everything.decode(bytes);
    expect(decoded.anInt64).toBe(-(2n ** 63n));
    expect(decoded.maybeInt).toBe(0);
    expect(decoded.choice).toEqual({ $case: "chosenLong", value: 0n });
    expect(decoded.aLongString).toBe("9007199254740993");
    expect(decoded.at).toEqual(new Date("2026-01-02T03:04:05.678Z"));
    expect(theirs(Everything.encode(decoded).finish())).toEqual(json);
    expect(JSON.parse(JSON.stringify(EverythingJson.toJSON(decoded)))).toEqual(json);
    expect(theirs(Everything.encode(EverythingJson.fromJSON(json)).finish())).toEqual(json);
  });

  test("tells what is absent from what is zero, in proto2 too", async () => {
    const set = fromBinary(FileDescriptorSetSchema, await compileScenario("proto2"));
    const schema = createFileRegistry(set).getMessage("old.Wrapped");
    expect(schema).toBeDefined();
    const json = {
      name: "",
      size: 0,
      numbers: [1, 2],
      loose: [3],
      kind: "KIND_A",
      data: "",
      wrapped: { size: 5, must: 1 },
      inner: { yes: false },
      kinds: { a: "KIND_B" },
      must: 0,
      row: [{ on: false, cell: { value: "0" } }],
      otherKind: "KIND_NONE",
      packedKinds: ["KIND_B", "KIND_NONE"],
    };
    const bytes = schema ? toBinary(schema, fromJson(schema, json)) : new Uint8Array();
    const decoded = Wrapped.decode(bytes);
    expect(decoded).toMatchObject({ name: "", size: 0, kind: 1, inner: { yes: false } });
    const again = Wrapped.encode(decoded).finish();
    expect(schema && toJson(schema, fromBinary(schema, again))).toEqual(json);
    expect(Wrapped.decode(new Uint8Array())).toMatchObject({
      name: undefined,
      size: undefined,
      kind: undefined,
      data: undefined,
    });
  });
});
