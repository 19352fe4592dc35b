import { spawnSync } from "node:child_process";
import { Hash } from "node:crypto";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  CodeGeneratorRequestSchema,
  type CodeGeneratorResponse,
  CodeGeneratorResponseSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { answerPluginRequest } from "../../generator/plugin-request.js";
import { compileProtoFiles } from "../../generator/read/buf.js";
import { readOwnOptions, readOwnPackage } from "../../generator/read/package-root.js";
import { findBufBinary, findPeers } from "../../generator/read/peers.js";
import { readProtoFiles } from "../../generator/read/proto-files.js";
import { type BuiltPackage, buildPackage, run } from "./support/built-package.js";
import { Project, proto, temporaryFolder } from "./support/project.js";

const own = readOwnPackage();
const [requireBuf] = findPeers(own, own.root, ["@bufbuild/buf"]);
const bufBinary = findBufBinary(requireBuf);
const lockFile = "proto/routes.lock.json";

const a = proto(
  "// Is called.",
  "service A {",
  "  rpc X(Text) returns (Other) { // Once.",
  "    option (nanowire.method).timeout_ms = 5;",
  "  }",
  "}",
);
const b = 'syntax = "proto3";\npackage b;\nmessage Text {}\nservice B {\n  rpc X(Text) returns (Text);\n}\n';
const optionsProto = new TextDecoder().decode(readOwnOptions(own));

/** What the plugin answers when it is asked to generate some of a project's files. */
async function ask(project: Project, files?: readonly string[], parameter = ""): Promise<CodeGeneratorResponse> {
  const sources = readProtoFiles(project.directory, ["proto"]);
  const set = fromBinary(FileDescriptorSetSchema, await compileProtoFiles(bufBinary, sources, readOwnOptions(own)));
  const request = create(CodeGeneratorRequestSchema, {
    fileToGenerate: [...(files ?? sources.map(({ name }) => name))],
    parameter,
    protoFile: set.file,
  });
  const response = answerPluginRequest(toBinary(CodeGeneratorRequestSchema, request), project.directory);
  return fromBinary(CodeGeneratorResponseSchema, response);
}

describe("protoc-gen-nanowire", () => {
  let folder: string;
  let built: BuiltPackage;
  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "nanowire-plugin-")));
    built = buildPackage(folder, "all");
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** What the command makes of the same project. */
  async function byCommand(files: Readonly<Record<string, string>>, ...args: string[]): Promise<Project> {
    const project = new Project(files);
    await project.generate(...args);
    return project;
  }

  function expectSame(project: Project, expected: Project): void {
    const paths = expected.list("generated");
    expect(project.list("generated")).toEqual(paths);
    for (const path of [...paths.map((name) => `generated/${name}`), lockFile]) {
      expect(project.read(path), path).toBe(expected.read(path));
    }
  }

  const files = { "proto/a.proto": a, "proto/b/b.proto": b, "proto/nanowire/options.proto": optionsProto };
  const bufFiles = (strategy: string, ...options: string[]): Record<string, string> => ({
    "buf.yaml": "version: v2\nmodules:\n  - path: proto\n",
    "buf.gen.yaml": [
      "version: v2",
      "plugins:",
      `  - local: ${JSON.stringify([process.execPath, built.plugin])}`,
      "    out: generated",
      `    strategy: ${strategy}`,
      `    opt: ${JSON.stringify(options)}`,
      "",
    ].join("\n"),
  });

  test("under buf it makes the same bytes as the command, and the same lock", async () => {
    const project = new Project({ ...files, ...bufFiles("all") });
    const result = run(bufBinary, ["generate"], project.directory);
    expect(result).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expectSame(project, await byCommand(files));
  });

  test("under buf its options are the command's, and protobuf-es's where they mean the same", async () => {
    const options = [
      "target=ts",
      "import_extension=none",
      "ts_nocheck=true",
      "int64=string",
      "unknown_fields=true",
      "side=server",
    ];
    const project = new Project({ ...files, ...bufFiles("all", ...options) });
    expect(run(bufBinary, ["generate"], project.directory)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    const flags = options.map((option) => `--${option.replaceAll("_", "-").replace("=true", "")}`);
    expectSame(project, await byCommand(files, ...flags));
    expect(project.list("generated")).not.toContain("a.client.ts");
  });

  test("under protoc it makes the same bytes as the command, and the same lock", async () => {
    const project = new Project(files);
    mkdirSync(join(project.directory, "generated"));
    const result = run(
      "protoc",
      [
        "-Iproto",
        `--plugin=protoc-gen-nanowire=${built.plugin}`,
        "--nanowire_out=generated",
        "--nanowire_opt=json=false",
        "b/b.proto",
        "a.proto",
      ],
      project.directory,
    );
    expect(result).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expectSame(project, await byCommand(files, "--no-json"));
  });

  test("under buf its errors are the command's, at the names that buf gives", () => {
    const project = new Project({
      ...files,
      "proto/b/b.proto": b.replace("(Text)", "(stream Text)"),
      ...bufFiles("all"),
    });
    const result = run(bufBinary, ["generate"], project.directory);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain("b/b.proto:5:9: b.B.X is a streaming rpc");
  });

  test("under buf an edition is generated as by the command", async () => {
    const edition =
      'edition = "2023";\npackage b;\nmessage B {\n  int32 a = 1;\n  B b = 2 [features.message_encoding = DELIMITED];\n}\n';
    const project = new Project({ "proto/b/b.proto": edition, ...bufFiles("all") });
    const result = run(bufBinary, ["generate"], project.directory);
    expect(result).toMatchObject({ exitCode: 0, stderr: "" });
    const byCommand = new Project({ "proto/b/b.proto": edition });
    await byCommand.generate();
    expect(project.read("generated/b/b.ts")).toBe(byCommand.read("generated/b/b.ts"));
    expect(project.read("generated/b/b.ts")).toContain("a?: number | undefined");
  });

  test("under buf with a run for each folder a project without a lock gets none", () => {
    const project = new Project({ ...files, ...bufFiles("directory") });
    const before = project.list();
    const result = run(bufBinary, ["generate"], project.directory);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain("`strategy: all`");
    expect(project.list()).toEqual(before);
  });

  test("under buf with a run for each folder it fails, says `strategy: all`, and spoils no lock", async () => {
    const project = await byCommand(files);
    const lock = project.read(lockFile);
    project.write(bufFiles("directory"));
    const result = run(bufBinary, ["generate"], project.directory);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain("`strategy: all`");
    expect(project.read(lockFile)).toBe(lock);
  });
});

describe("a first run that is not given all files", () => {
  const advice =
    "The dictionary is made of all files at once: write `strategy: all` in buf.gen.yaml, or give protoc all files in one call. " +
    "If these are all, pass the parameter removed=true once";

  test.each([
    ["b/b.proto", "a.proto"],
    ["a.proto", "b/b.proto"],
  ])("of %s alone, makes no lock, and says which it misses", async (given, missing) => {
    const project = new Project({ "proto/a.proto": a, "proto/b/b.proto": b });
    const before = project.list();
    const response = await ask(project, [given]);
    expect(response.file).toEqual([]);
    expect(response.error).toBe(
      `${lockFile} is not there yet, and services are in files that are not given: ${missing}. ${advice}`,
    );
    expect(project.list()).toEqual(before);
  });

  test("does not mind files without services, and is told that the others do not count", async () => {
    const plain = 'syntax = "proto3";\npackage c;\n/*\n service No {\n*/\nmessage M {\n  string service = 1;\n}\n';
    const project = new Project({ "proto/a.proto": a, "proto/c/c.proto": plain });
    expect((await ask(project, ["a.proto"])).error).toBe("");
    const other = new Project({ "proto/a.proto": a, "proto/b/b.proto": b });
    expect((await ask(other, ["a.proto"], "removed=true")).error).toBe("");
    expect(JSON.parse(other.read(lockFile)).routes).toEqual({ "A.X": 1 });
  });

  test("finds them beside a lock that is kept elsewhere", async () => {
    const project = new Project({ "proto/a.proto": a, "proto/b/b.proto": b });
    expect((await ask(project, ["a.proto"], "lock=codes/lock.json")).error).toContain("are not given: b/b.proto. ");
    expect(project.list()).toEqual(["proto/a.proto", "proto/b/b.proto"]);
  });
});

describe("what goes wrong comes back the protocol's way", () => {
  /** The error in the answer to some bytes, in a folder. */
  function errorOf(request: Uint8Array, directory: string): string {
    const response = fromBinary(CodeGeneratorResponseSchema, answerPluginRequest(request, directory));
    expect(response.file).toEqual([]);
    expect(response.supportedFeatures).toBe(3n);
    return response.error;
  }

  const startedBy = "protoc-gen-nanowire is started by protoc or buf; `nanowire generate` needs neither";
  const request = (value: MessageInitShape<typeof CodeGeneratorRequestSchema>): Uint8Array =>
    toBinary(CodeGeneratorRequestSchema, create(CodeGeneratorRequestSchema, value));

  test.each([
    [
      "bytes that are no request",
      new Uint8Array([0x0a, 0xff, 0xff]),
      /^what came on standard input is not a CodeGeneratorRequest \(.+\): /,
    ],
    ["nothing", new Uint8Array(), /^the request names no file to generate: /],
    [
      "a file that is not there",
      request({ fileToGenerate: ["gone.proto"] }),
      /^the request asks for gone\.proto, and does not hold it: /,
    ],
  ])("%s", (_, bytes, error) => {
    const text = errorOf(bytes, new Project().directory);
    expect(text).toMatch(error);
    expect(text.endsWith(startedBy)).toBe(true);
  });

  test("any bytes get an answer", () => {
    const { directory } = new Project();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(errorOf(bytes, directory)).not.toMatch(/^\s+at /m);
      }),
    );
  });

  test("a folder where the lock belongs, and what else the file system refuses", () => {
    const bytes = request({
      fileToGenerate: ["a.proto"],
      protoFile: [{ name: "a.proto", syntax: "proto3" }],
    });
    const project = new Project({ "proto/routes.lock.json/x": "" });
    expect(errorOf(bytes, project.directory)).toBe(
      "proto/routes.lock.json cannot be read: it is a folder, where a file belongs: move it, or name another file",
    );
    project.remove("proto/routes.lock.json");
    symlinkSync("routes.lock.json", join(project.directory, "proto/routes.lock.json"));
    expect(errorOf(bytes, project.directory)).toBe(
      "proto/routes.lock.json cannot be read: its links lead round in a circle: mend or remove them",
    );
  });

  test("what nobody foresaw: how to report it, and a stack only when it is asked for", () => {
    const fine = request({ fileToGenerate: ["a.proto"], protoFile: [{ name: "a.proto", syntax: "proto3" }] });
    const { directory } = new Project();
    // The dictionary's version is a hash.
    vi.spyOn(Hash.prototype, "digest").mockImplementation(() => {
      throw new TypeError("broken");
    });
    const told = errorOf(fine, directory);
    expect(told).toMatch(
      /^nanowire \d+\.\d+\.\d+ failed where it should not: TypeError: broken\nThis is a fault of nanowire's, not of your files\. Please report it [^\n]*$/,
    );
    vi.stubEnv("NANOWIRE_STACK", "1");
    onTestFinished(() => {
      vi.unstubAllEnvs();
      vi.restoreAllMocks();
    });
    expect(errorOf(fine, directory)).toMatch(/^\s+at /m);
  });

  test("packages that are missing", async () => {
    const built = buildPackage(temporaryFolder(), ["@bufbuild/protobuf"]);
    const project = new Project({ "proto/a.proto": a });
    mkdirSync(join(project.directory, "generated"));
    const args = [
      "-Iproto",
      `-I${own.root}/proto`,
      `--plugin=protoc-gen-nanowire=${built.plugin}`,
      "--nanowire_out=generated",
      "a.proto",
    ];
    const result = run("protoc", args, project.directory);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(
      /^--nanowire_out: the generator needs packages [^\n]*ts-proto is not installed, handlebars is not installed/,
    );
    expect(result.stderr).not.toMatch(/^\s+at /m);
    expect(project.list()).toEqual(["proto/a.proto"]);
  });

  test("the program exits with 0 whatever it reads, and tells who starts it by hand what it is", () => {
    const built = buildPackage(temporaryFolder(), "all");
    const read = spawnSync(process.execPath, [built.plugin], { input: "hello", cwd: temporaryFolder() });
    expect([read.status, read.stderr.toString()]).toEqual([0, ""]);
    expect(fromBinary(CodeGeneratorResponseSchema, read.stdout).error).toContain("is not a CodeGeneratorRequest");
    const { directory } = new Project();
    expect(run(process.execPath, [built.plugin, "--help"], directory)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining("protoc-gen-nanowire is a plugin"),
    });
    expect(run(process.execPath, [built.plugin, "--version"], directory).stdout).toBe(`${own.version}\n`);
    expect(run(process.execPath, [built.plugin, "a.proto"], directory)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("protoc or buf starts it"),
    });
  });
});

describe("the plugin's answer", () => {
  test("announces optional fields and editions", async () => {
    const response = await ask(new Project({ "proto/a.proto": a }));
    expect(response).toMatchObject({ error: "", supportedFeatures: 3n, minimumEdition: 998, maximumEdition: 1001 });
    expect(response.file.map((file) => file.name)).toEqual([
      "a.client.ts",
      "a.json.ts",
      "a.server.ts",
      "a.ts",
      "google/protobuf/empty.json.ts",
      "google/protobuf/empty.ts",
      "routes.ts",
    ]);
  });

  test("keeps the lock where the parameter says", async () => {
    const project = new Project({ "proto/a.proto": a });
    const response = await ask(project, undefined, "lock=codes/lock.json,json=true,target=ts");
    expect(response.error).toBe("");
    expect(JSON.parse(project.read("codes/lock.json")).routes).toEqual({ "A.X": 1 });
    expect(response.file.find((file) => file.name === "routes.ts")?.content).toContain(
      "Codes are kept by codes/lock.json.",
    );
  });

  test("is an error when the lock knows routes that the request does not, and the lock stays", async () => {
    const project = new Project({ "proto/a.proto": a, "proto/b/b.proto": b });
    await project.generate();
    const lock = project.read(lockFile);
    const response = await ask(project, ["b/b.proto"]);
    expect(response.file).toEqual([]);
    expect(response.error).toBe(
      `${lockFile} knows routes that are not in the given files: A.X. ` +
        "The dictionary is made of all files at once: write `strategy: all` in buf.gen.yaml, or give protoc all files in one call. " +
        "If the routes are removed, run `nanowire generate`, or pass the parameter removed=true once",
    );
    expect(project.read(lockFile)).toBe(lock);
  });

  test("marks routes as removed when told so", async () => {
    const project = new Project({ "proto/a.proto": a, "proto/b/b.proto": b });
    await project.generate();
    project.remove("proto/a.proto");
    expect((await ask(project, undefined, "removed=true")).error).toBe("");
    expect(JSON.parse(project.read(lockFile))).toEqual({ version: 1, routes: { "B.X": 2 }, removed: { "A.X": 1 } });
    expect((await ask(project)).error).toBe("");
  });

  test("names every parameter that it does not know", async () => {
    const project = new Project({ "proto/a.proto": a });
    const response = await ask(
      project,
      undefined,
      "jsno=false,lock=,json=maybe,frobnicate,target=js,int64=long,import_extnsion=js,ts_nocheck=true,ts_nocheck=true,out=x",
    );
    const known = "lock, side, json, int64, unknown_fields, import_extension, ts_nocheck, target, templates, removed";
    expect(response.error.split("\n")).toEqual([
      `there is no parameter jsno; did you mean json? (known: ${known})`,
      "parameter lock wants a value: lock=FILE",
      "parameter json cannot be maybe: write json=true or json=false",
      `there is no parameter frobnicate (known: ${known})`,
      "parameter target cannot be js: write target=ts",
      "parameter int64 cannot be long: write int64=bigint, int64=string or int64=number",
      `there is no parameter import_extnsion; did you mean import_extension? (known: ${known})`,
      "parameter ts_nocheck is given twice",
      `there is no parameter out (known: ${known})`,
    ]);
    expect(project.list()).toEqual(["proto/a.proto"]);
  });

  test("is the lock's error when the lock cannot be read", async () => {
    const project = new Project({ "proto/a.proto": a, [lockFile]: "{" });
    expect((await ask(project)).error).toContain(`${lockFile}:1:2: this is not JSON`);
  });
});
