import { chmodSync, lstatSync, readlinkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bufEnvironment } from "../../generator/read/buf.js";
import { Project, proto } from "./support/project.js";

const lockFile = "proto/routes.lock.json";
const service = (...methods: readonly string[]): string =>
  proto("service S {", ...methods.map((name) => `  rpc ${name}(Text) returns (Text);`), "}");

function link(project: Project, path: string, target: string): void {
  symlinkSync(target, join(project.directory, path));
}

describe("links", () => {
  test("the lock stays a link, and what it leads to is written", async () => {
    const project = new Project({ "proto/a.proto": service("A"), "kept/codes.json": "" });
    project.write({ "kept/codes.json": '{ "version": 1, "routes": { "S.A": 7 }, "removed": {} }' });
    link(project, lockFile, "../kept/codes.json");
    project.write({ "proto/a.proto": service("A", "B") });
    await project.generate();
    expect(readlinkSync(join(project.directory, lockFile))).toBe("../kept/codes.json");
    expect(JSON.parse(project.read("kept/codes.json")).routes).toMatchObject({ "S.A": 7, "S.B": expect.any(Number) });
    expect(project.list("kept")).toEqual(["codes.json"]);
  });

  test("a lock that is a link to nothing is no project without a lock", async () => {
    const project = new Project({ "proto/a.proto": service("A") });
    link(project, lockFile, "../kept/codes.json");
    expect(await project.errors()).toEqual([
      `${lockFile} is a link to ../kept/codes.json, which is not there: bring that back, or remove the link`,
    ]);
    expect(lstatSync(join(project.directory, lockFile)).isSymbolicLink()).toBe(true);
    expect(project.list()).toEqual(["proto/a.proto"]);
  });

  test("among the .proto files that lead nowhere, or round in a circle, are told each", async () => {
    const project = new Project({ "proto/a.proto": service("A") });
    await project.generate();
    const lock = project.read(lockFile);
    link(project, "proto/b.proto", "../gone/b.proto");
    link(project, "proto/shared", "../gone");
    link(project, "proto/round.proto", "round.proto");
    link(project, "proto/.#a.proto", "editor@host:1");
    expect((await project.errors()).toSorted()).toEqual([
      "proto/b.proto is a link to ../gone/b.proto, which is not there: bring that back, or remove the link",
      "proto/round.proto is a link to round.proto, which is not there: bring that back, or remove the link",
      "proto/shared is a link to ../gone, which is not there: bring that back, or remove the link",
    ]);
    expect(project.read(lockFile)).toBe(lock);
  });
});

describe("a lock that is read-only", () => {
  test("is not written, and nothing else is", async () => {
    const project = new Project({ "proto/a.proto": service("A") });
    await project.generate();
    const before = [project.read(lockFile), project.read("generated/a.server.ts")];
    chmodSync(join(project.directory, lockFile), 0o400);
    project.write({ "proto/a.proto": service("A", "B") });
    expect(await project.errors()).toEqual([
      `${lockFile} is read-only, and something in it has to change: let it be written, as with chmod u+w`,
    ]);
    expect([project.read(lockFile), project.read("generated/a.server.ts")]).toEqual(before);
  });

  test("does not matter while nothing in it changes", async () => {
    const project = new Project({ "proto/a.proto": service("A") });
    await project.generate();
    chmodSync(join(project.directory, lockFile), 0o400);
    project.write({ "proto/a.proto": service("A").replace("string text", "string words") });
    await project.generate();
    expect(project.read("generated/a.ts")).toContain("words");
  });

  test("keeps its permissions when it is written", async () => {
    const project = new Project({ "proto/a.proto": service("A") });
    await project.generate();
    chmodSync(join(project.directory, lockFile), 0o640);
    project.write({ "proto/a.proto": service("A", "B") });
    await project.generate();
    expect(lstatSync(join(project.directory, lockFile)).mode & 0o777).toBe(0o640);
  });
});

describe("the folder of buf's cache, in which nothing is kept", () => {
  const chosen = (environment: NodeJS.ProcessEnv): string | undefined => bufEnvironment(environment)["BUF_CACHE_DIR"];

  test("is the user's own, there or not there yet", () => {
    const { directory } = new Project({ "file.txt": "" });
    expect(chosen({ HOME: directory })).toBeUndefined();
    expect(chosen({ HOME: join(directory, "new/home") })).toBeUndefined();
    expect(chosen({ XDG_CACHE_HOME: directory, HOME: "/proc" })).toBeUndefined();
    expect(chosen({ BUF_CACHE_DIR: join(directory, "cache") })).toBe(join(directory, "cache"));
  });

  test.skipIf(process.platform === "win32" || process.getuid?.() === 0)(
    "is another one where the user's is read-only",
    () => {
      const { directory } = new Project();
      chmodSync(directory, 0o500);
      expect(chosen({ HOME: directory })).toMatch(/nanowire-buf-cache-\d+$/);
    },
  );

  test("is another one where there is no home", () => {
    expect(chosen({ PATH: "x" })).toMatch(/nanowire-buf-cache-\d+$/);
    expect(chosen({ HOME: "" })).toMatch(/nanowire-buf-cache-\d+$/);
  });
});

describe("what the file system refuses is told with the user's path and what to do", () => {
  const inTheWay = "a file stands where a folder belongs: move it, or name the folder";

  test.each<
    [what: string, files: Readonly<Record<string, string>>, args: readonly string[], errors: readonly string[]]
  >([
    [
      "a file where the folder of pages belongs",
      { "package.json": "{}" },
      ["docs", "--out", "package.json"],
      [`package.json/asyncapi.json cannot be written: ${inTheWay}`],
    ],
    [
      "a file as the folder of components",
      { "src.ts": "" },
      ["sync", "--components", "src.ts"],
      [`src.ts: ${inTheWay}`],
    ],
    [
      "a folder where the lock belongs",
      { "lock.json/x": "" },
      ["generate", "--lock", "lock.json"],
      [
        "lock.json cannot be read: it is a folder, where a file belongs: move it, or name another file",
        "nothing was written",
      ],
    ],
    [
      "a folder that is called like a template",
      { "own/server.hbs/x": "" },
      ["generate", "--templates", "own"],
      [
        "the template own/server.hbs cannot be read: it is a folder, where a file belongs: move it, or name another file",
        "nothing was written",
      ],
    ],
    [
      "a file as the folder of templates",
      { "own.hbs": "" },
      ["generate", "--templates", "own.hbs"],
      [`the folder of templates own.hbs cannot be read: ${inTheWay}`, "nothing was written"],
    ],
    [
      "a folder of templates that is not there",
      {},
      ["generate", "--templates", "gone"],
      [
        "the folder of templates gone cannot be read: it is not there: make it, or name another place",
        "nothing was written",
      ],
    ],
    [
      "a path that no file can have",
      { "nanowire.config.json": '{ "out": "pr\\u0000x" }' },
      ["generate"],
      ['nanowire.config.json:1:10: "out" is not a path', "nothing was written"],
    ],
  ])("%s", async (_, files, args, errors) => {
    const project = new Project({ "proto/a.proto": service("A"), ...files });
    if (args[0] !== "generate") {
      await project.generate();
    }
    const before = project.list();
    expect(await project.run(...args)).toMatchObject({ exitCode: 1, errors });
    expect(project.list()).toEqual(before);
  });

  test("a .proto file whose name is nearly too long is generated", async () => {
    const name = "a".repeat(240);
    const project = new Project({ [`proto/${name}.proto`]: service("A") });
    await project.generate();
    expect(project.list("generated")).toContain(`${name}.server.ts`);
  });
});
