import { readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { isPackageName, packageName, projectFiles, toolVersions } from "../../generator/scaffold/new-project.js";
import { Project } from "./support/project.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const files = Object.values(projectFiles).toSorted();

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

const own: PackageJson = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));
const packageOf = (project: Project, folder: string): PackageJson => JSON.parse(project.read(`${folder}/package.json`));

describe("nanowire init", () => {
  test("makes a project in a folder, and tells what to do then", async () => {
    const project = new Project();
    const { exitCode, printed, errors } = await project.run("init", "demo");
    expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: [] });
    expect(printed).toEqual([
      ...files.map((path) => `wrote demo/${path}`),
      "",
      "Now: cd demo && npm install && npm start",
    ]);
    expect(project.list("demo")).toEqual(files);
    expect(packageOf(project, "demo")).toMatchObject({
      name: "demo",
      dependencies: { nanowire: `^${own.version}` },
      // What a cluster, metrics or tracing want is for those who have them.
      devDependencies: {
        "@bufbuild/buf": own.peerDependencies["@bufbuild/buf"],
        handlebars: own.peerDependencies["handlebars"],
        "ts-morph": own.peerDependencies["ts-morph"],
        "ts-proto": own.peerDependencies["ts-proto"],
        ...toolVersions,
      },
    });
    for (const path of files) {
      expect(project.read(`demo/${path}`), path).not.toMatch(/\{\{|\}\}/);
    }
  });

  test("makes it in the working directory, beside what is not in its way, under the name that is given", async () => {
    const project = new Project({ ".git/HEAD": "ref", LICENSE: "mine" });
    expect((await project.run("init", "--name", "@team/game")).exitCode).toBe(0);
    expect(project.list()).toEqual([...files, ".git/HEAD", "LICENSE"].toSorted());
    expect(packageOf(project, ".").name).toBe("@team/game");
  });

  test("overwrites nothing, and lists what is in the way", async () => {
    const project = new Project({ "demo/package.json": "{}", "demo/src": "a file" });
    symlinkSync("nowhere", join(project.directory, "demo/tsconfig.json"));
    const { exitCode, errors } = await project.run("init", "demo/");
    expect(exitCode).toBe(1);
    expect(errors).toEqual([
      ...["package.json", "src/client.ts", "src/counter.ts", "src/main.ts", "src/server.ts", "tsconfig.json"].map(
        (path) => `demo/${path} is there already: move it away, or name another folder`,
      ),
      "6 errors; nothing was written",
    ]);
    expect(project.list()).toEqual(["demo/package.json", "demo/src"]);
  });

  test("depends on the version or the file that is named", async () => {
    const project = new Project({ "made/nanowire.tgz": "" });
    await project.run("init", "deep/one", "--nanowire", "made/nanowire.tgz");
    await project.run("init", "two", "--nanowire=~0.1.0");
    expect(packageOf(project, "deep/one").dependencies).toEqual({ nanowire: "file:../../made/nanowire.tgz" });
    expect(packageOf(project, "two").dependencies).toEqual({ nanowire: "~0.1.0" });
    const { errors } = await project.run("init", "three", "--nanowire", "gone.tgz");
    expect(errors[0]).toBe("--nanowire gone.tgz is not there: name a version, or a file made by npm pack");
    expect(project.list()).not.toContain("three/package.json");
  });

  test("refuses a file and a link that leads nowhere where a folder belongs, and what is no version", async () => {
    const project = new Project({ file: "" });
    symlinkSync("/nowhere", join(project.directory, "link"));
    const errorOf = async (...args: string[]): Promise<string> =>
      (await project.run("init", ...args)).errors[0]?.replace(`${project.directory}/`, "") ?? "";
    expect(await errorOf("file")).toBe("file is a file, and no folder: move it away, or name another folder");
    expect(await errorOf("file/sub")).toBe("file is a file, and no folder: move it away, or name another folder");
    expect(await errorOf("link")).toBe(
      "link is a link that leads nowhere, and no folder: move it away, or name another folder",
    );
    expect(await errorOf("new", "--nanowire", 'x";rm')).toBe(
      '--nanowire x";rm is no version: write one as package.json has it, as in ^0.1.0',
    );
    expect((await project.run("init", "new", "--name", "")).errors).toEqual([
      "--name wants a value: --name TEXT",
      "nothing was written",
    ]);
    expect(project.list()).toEqual(["file"]);
  });

  test("refuses what cannot be a name, and what it does not know", async () => {
    const project = new Project();
    expect((await project.run("init", "--name", "My Game")).errors[0]).toBe(
      "--name My Game cannot be the name of a package: write lower-case letters, digits, dots and dashes, as in my-game or @team/my-game",
    );
    expect((await project.run("init", "a", "b", "--nmae", "x")).errors).toEqual([
      "nanowire init takes one argument: b is one too many",
      "there is no flag --nmae; did you mean --name? (nanowire init --help lists them)",
      "nanowire init takes one argument: x is one too many",
      "3 errors; nothing was written",
    ]);
    expect((await project.run("init", "--help")).printed[0]).toBe("nanowire init [DIR] [flags]");
    expect(project.list()).toEqual([]);
  });

  test.each([
    ["My Game", "my-game"],
    ["игра", "server"],
    [".hidden_", "hidden_"],
    ["a.b~c", "a.b~c"],
  ])("names the package of a folder %s %s", (folder, name) => {
    expect(packageName(folder)).toBe(name);
    expect(isPackageName(name)).toBe(true);
  });

  test("has a template for each file, and the compiler that nanowire is built with", () => {
    expect(readdirSync(join(repository, "generator/scaffold/project")).toSorted()).toEqual(
      Object.keys(projectFiles).toSorted(),
    );
    expect(own.devDependencies).toMatchObject(toolVersions);
  });
});
