import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { Project, proto } from "./support/project.js";

const lockFile = "proto/routes.lock.json";

/** A .proto file with a service of these methods. */
function service(name: string, ...methods: readonly string[]): string {
  return proto(`service ${name} {`, ...methods.map((method) => `  rpc ${method}(Text) returns (Text);`), "}").replace(
    "test.v1",
    `test.${name.toLowerCase()}`,
  );
}

/** A project in a git repository, generated and committed. */
async function repository(files: Readonly<Record<string, string>>): Promise<Project> {
  const project = new Project(files);
  git(project, "init", "--quiet", "--initial-branch=main");
  git(project, "config", "user.name", "Test");
  git(project, "config", "user.email", "test@localhost");
  await commit(project, {});
  return project;
}

/** Writes files, generates, and commits what came of it. */
async function commit(project: Project, files: Readonly<Record<string, string>>): Promise<void> {
  project.write(files);
  await project.generate();
  git(project, "add", "--all");
  git(project, "commit", "--quiet", "--message=x");
}

/** The same on a branch of its own, from main. */
async function branch(project: Project, name: string, files: Readonly<Record<string, string>>): Promise<void> {
  git(project, "checkout", "--quiet", "-b", name, "main");
  await commit(project, files);
}

function git(project: Project, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync("git", args, { cwd: project.directory, encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status, stdout).toBe(0);
  return stdout;
}

/** Merges a branch into the one that is checked out: the files that do not merge. */
function merge(project: Project, name: string): string[] {
  spawnSync("git", ["merge", "--quiet", "--message=x", name], { cwd: project.directory });
  return git(project, "diff", "--name-only", "--diff-filter=U").split("\n").slice(0, -1);
}

function codes(project: Project): Record<string, number> {
  return JSON.parse(project.read(lockFile)).routes;
}

const base = {
  "proto/a.proto": service("Alpha", "One", "Two", "Three"),
  "proto/m.proto": service("Middle", "One", "Two", "Three"),
  "proto/z.proto": service("Zeta", "One", "Two", "Three"),
};

describe("two branches that each add routes", () => {
  test("merge without a word when the routes are not neighbours, and nothing is stale but the dictionary", async () => {
    const project = await repository(base);
    await branch(project, "left", { "proto/a.proto": service("Alpha", "One", "Two", "Three", "Four") });
    const left = codes(project);
    await branch(project, "right", { "proto/z.proto": service("Zeta", "One", "Two", "Three", "Four") });
    const right = codes(project);
    // The dictionary's hash is of all routes: it is another one on each side, and is made anew.
    expect(merge(project, "left")).toEqual(["generated/routes.ts"]);
    expect(codes(project)).toEqual({ ...left, ...right });
    project.remove("generated/routes.ts");
    const before = project.read(lockFile);
    await project.generate();
    expect(project.read(lockFile)).toBe(before);
    expect(new Set(Object.values(codes(project))).size).toBe(11);
  });

  test("that are neighbours in the lock: git asks, and both lines are kept", async () => {
    const project = await repository(base);
    await branch(project, "left", { "proto/m2.proto": service("Mid", "One") });
    await branch(project, "right", { "proto/m3.proto": service("Mid2", "One") });
    expect(merge(project, "left")).toContain(lockFile);
    expect(await project.errors()).toEqual([
      expect.stringMatching(
        /^proto\/routes\.lock\.json:\d+:1: this is not JSON: when a merge left it so, keep the lines of both sides/,
      ),
    ]);
    // What the error says to do.
    const kept = project.read(lockFile).replace(/^(<{7}|={7}|>{7}).*\n/gm, "");
    project.write({ [lockFile]: kept });
    project.remove("generated/routes.ts");
    await project.generate();
    expect(Object.keys(codes(project))).toHaveLength(11);
    expect(JSON.parse(project.read(lockFile))).toEqual(JSON.parse(kept));
  });

  test("merge when one adds and the other removes and renames", async () => {
    const project = await repository(base);
    await branch(project, "left", { "proto/a.proto": service("Alpha", "One", "Two", "Three", "Four") });
    await branch(project, "right", {
      "proto/z.proto": service("Zeta", "Two", "Third").replace(
        "rpc Third(Text) returns (Text);",
        'rpc Third(Text) returns (Text) { option (nanowire.method).was = "Zeta.Three"; }',
      ),
    });
    expect(merge(project, "left")).toEqual(["generated/routes.ts"]);
    project.remove("generated/routes.ts");
    await project.generate();
    const lock = JSON.parse(project.read(lockFile));
    expect(lock.routes).toMatchObject({ "Alpha.Four": expect.any(Number), "Zeta.Third": 8 });
    expect(lock.removed).toEqual({ "Zeta.One": 7 });
    expect(lock.renamed).toEqual({ "Zeta.Three": 8 });
  });

  test("twenty each, in the same service: no two have the same code", async () => {
    const project = await repository(base);
    const methods = (prefix: string): string[] => Array.from({ length: 20 }, (_, index) => `${prefix}${index}`);
    await branch(project, "left", { "proto/l.proto": service("Left", ...methods("Do")) });
    const left = codes(project);
    await branch(project, "right", { "proto/r.proto": service("Right", ...methods("Do")) });
    const all = { ...left, ...codes(project) };
    expect(Object.keys(all)).toHaveLength(49);
    expect(new Set(Object.values(all)).size).toBe(49);
  });

  test("that both took one code by hand: both lines are named, and what to do", async () => {
    const explicit = (name: string): string =>
      service(name, "One").replace(
        "rpc One(Text) returns (Text);",
        "rpc One(Text) returns (Text) { option (nanowire.method).code = 500; }",
      );
    const project = await repository(base);
    await branch(project, "left", { "proto/b.proto": explicit("Beta") });
    await branch(project, "right", { "proto/n.proto": explicit("Nu") });
    expect(merge(project, "left")).toEqual(["generated/routes.ts"]);
    expect(await project.errors()).toEqual([
      `${lockFile}:11:5: code 500 is given to Beta.One, at ${lockFile}:7:5, and to Nu.One: delete the line of the one that no client was generated with, and generate again: it gets a new code`,
    ]);
    project.write({
      [lockFile]: project.read(lockFile).replace('    "Nu.One": 500,\n', ""),
      "proto/n.proto": service("Nu", "One"),
    });
    project.remove("generated/routes.ts");
    await project.generate();
    expect(codes(project)["Beta.One"]).toBe(500);
    expect(codes(project)["Nu.One"]).not.toBe(500);
  });
});
