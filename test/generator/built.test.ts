import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { type BuiltPackage, buildPackage, run } from "./support/built-package.js";
import { Project, proto, temporaryFolder } from "./support/project.js";

const room = proto("service Room {", "  rpc Join(Text) returns (Text);", "}");

describe("the built command", () => {
  let folder: string;
  let built: BuiltPackage;
  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "nanowire-built-")));
    built = buildPackage(folder, "all");
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test("generates what the sources generate", async () => {
    const bySources = new Project({ "proto/a.proto": room });
    await bySources.generate();
    const byBuild = new Project({ "proto/a.proto": room });
    const result = run(process.execPath, [built.cli, "generate"], byBuild.directory);
    expect(result.stderr).toBe("");
    expect(result.exitCode).toBe(0);
    expect(result.stdout.split("\n").at(-2)).toBe("8 written, 0 unchanged; 1 route");
    expect(byBuild.list()).toEqual(bySources.list());
    for (const path of bySources.list()) {
      expect(byBuild.read(path), path).toBe(bySources.read(path));
    }
  });

  test("fails with exit code 1 and no stack", () => {
    const project = new Project({ "proto/a.proto": room.replace("(Text)", "(stream Text)") });
    const result = run(process.execPath, [built.cli, "generate"], project.directory);
    expect(result.exitCode).toBe(1);
    expect(result.stdout).toBe("");
    expect(result.stderr).toMatch(
      /^proto\/a\.proto:8:12: test\.v1\.Room\.Join is a streaming rpc, [^\n]*\nnothing was written\n$/,
    );
  });

  test("tells in one line what the file system refuses", () => {
    const project = new Project({ "proto/a.proto": room, generated: "not a folder" });
    const result = run(process.execPath, [built.cli, "generate"], project.directory);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toBe(
      "generated/a.client.ts cannot be written: a file stands where a folder belongs: move it, or name the folder\n",
    );
  });

  // A folder that cannot be made, and of which the system says no more than that it is not there.
  test.skipIf(!existsSync("/proc/self"))("comes to an end where no folder can be made", () => {
    const project = new Project({ "proto/a.proto": room });
    for (const args of [
      ["generate", "--out", "/proc/nanowire/a"],
      ["generate", "--lock", "/proc/nanowire/lock.json"],
    ]) {
      const result = run(process.execPath, [built.cli, ...args], project.directory);
      expect(result).toEqual({
        exitCode: 1,
        stdout: "",
        stderr: "the folder /proc/nanowire cannot be made: /proc takes no folders. Name another place\n",
      });
    }
  });

  test.skipIf(!existsSync("/dev/full"))("tells in one line that nobody takes what it prints", () => {
    const project = new Project({ "proto/a.proto": room });
    const result = run("sh", ["-c", '"$0" "$1" inspect > /dev/full', process.execPath, built.cli], project.directory);
    expect(result).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: "standard output cannot be written: no space is left: make room\n",
    });
  });
});

test("what nobody foresaw is told with how to report it, and with a stack only when it is asked for", () => {
  const built = buildPackage(temporaryFolder(), "all");
  writeFileSync(join(built.root, "dist/generator/generate-command.js"), 'throw new TypeError("broken");\n');
  const { directory } = new Project();
  const told = run(process.execPath, [built.cli, "generate"], directory);
  expect(told.exitCode).toBe(1);
  expect(told.stdout).toBe("");
  expect(told.stderr).toMatch(
    /^nanowire \d+\.\d+\.\d+ failed where it should not: TypeError: broken\nThis is a fault of nanowire's, [^\n]*\n$/,
  );
  vi.stubEnv("NANOWIRE_STACK", "1");
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  expect(run(process.execPath, [built.cli, "generate"], directory).stderr).toMatch(/^\s+at /m);
});

describe("without the packages that the generator needs", () => {
  const start = "the generator needs packages that a running server does not: ";

  test("it names all that are missing, and the command that installs them", () => {
    const built = buildPackage(temporaryFolder(), ["@bufbuild/protobuf"]);
    const project = new Project({ "proto/a.proto": room });
    const result = run(process.execPath, [built.cli, "generate"], project.directory);
    expect(result.exitCode).toBe(1);
    expect(result.stdout).toBe("");
    expect(result.stderr).toMatch(
      new RegExp(
        `^${start}@bufbuild/buf is not installed, ts-proto is not installed, handlebars is not installed\\. Install what is needed with\\n` +
          "  npm install -D @bufbuild/buf@\\d+\\.\\d+\\.\\d+ ts-proto@2\\.18\\.0 handlebars@\\d+\\.\\d+\\.\\d+\\nnothing was written\\n$",
      ),
    );
    expect(run(process.execPath, [built.cli, "--help"], project.directory).exitCode).toBe(0);
  });

  test("it finds them from the working directory, and tells of a wrong version and of buf's missing binary", () => {
    const built = buildPackage(temporaryFolder(), ["@bufbuild/protobuf"]);
    const project = new Project({ "proto/a.proto": room });
    const install = (name: string, version: string): void => {
      mkdirSync(join(project.directory, "node_modules", name), { recursive: true });
      writeFileSync(join(project.directory, "node_modules", name, "package.json"), JSON.stringify({ name, version }));
    };
    install("@bufbuild/buf", "1.80.0");
    install("ts-proto", "2.17.0");
    install("handlebars", "4.9.9");
    const wrong = run(process.execPath, [built.cli, "generate"], project.directory);
    expect(wrong.stderr).toBe(
      `${start}ts-proto is 2.17.0, not 2.18.0. Install what is needed with\n  npm install -D ts-proto@2.18.0\nnothing was written\n`,
    );
    install("ts-proto", "2.18.0");
    const noBinary = run(process.execPath, [built.cli, "generate"], project.directory);
    expect(noBinary.stderr).toMatch(
      /^buf's binary for this platform is not installed \(optional dependencies were left out\)\. Install it with\n {2}npm install -D @bufbuild\/buf-[a-z0-9]+-[a-z0-9]+@1\.80\.0\nnothing was written\n$/,
    );
  });
});
