import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { runNanowire } from "../../generator/commands.js";
import { EmptiedFiles, emptyPatienceMs } from "../../generator/read/emptied-files.js";
import { buildPackage } from "./support/built-package.js";
import { Project, proto, temporaryFolder } from "./support/project.js";

const room = proto("service Room {", "  rpc Join(Text) returns (Other);", "}");
const withField = (name: string): string => room.replace("string text = 1;", `string text = 1; string ${name} = 2;`);
const plain = (name: string): string => `syntax = "proto3";\npackage ${name};\nmessage Thing {}\n`;

/** `nanowire generate --watch` in this process, and the lines that it prints. */
class Watch {
  readonly project: Project;
  readonly ended: Promise<number>;
  readonly #stop = new AbortController();
  readonly #lines: string[] = [];
  #next: (() => void) | undefined;

  constructor(project: Project, ...flags: string[]) {
    this.project = project;
    const take = (line: string): void => {
      this.#lines.push(...line.split("\n"));
      this.#next?.();
    };
    this.ended = runNanowire(["generate", "--watch", ...flags], {
      directory: project.directory,
      print: take,
      printError: take,
      untilStopped: () => this.#stop.signal,
    });
    onTestFinished(async () => {
      this.#stop.abort();
      await this.ended;
    });
  }

  /** The lines up to the next one that fits, this one too; times are left out. */
  async until(pattern: RegExp): Promise<string[]> {
    for (;;) {
      const index = this.#lines.findIndex((line) => pattern.test(line));
      if (index >= 0) {
        return this.#lines.splice(0, index + 1).map((line) => line.replace(/\d+ ms$/, "N ms"));
      }
      await new Promise<void>((resolve) => {
        this.#next = resolve;
      });
    }
  }

  stop(): void {
    this.#stop.abort();
  }
}

const generated = /^generated in/;
const failed = /^nothing was written; waiting/;

async function started(files: Readonly<Record<string, string>>, ...flags: string[]): Promise<Watch> {
  const watch = new Watch(new Project(files), ...flags);
  await watch.until(/^watching/);
  return watch;
}

describe("nanowire generate --watch", () => {
  test("generates at once, and after a change writes only what changed", async () => {
    const watch = new Watch(new Project({ "proto/a.proto": room }));
    expect((await watch.until(/^watching/)).slice(-3)).toEqual([
      "8 written, 0 unchanged; 1 route",
      "generated in N ms",
      "watching; Ctrl+C ends it",
    ]);
    watch.project.write({ "proto/a.proto": withField("more") });
    expect(await watch.until(generated)).toEqual([
      "wrote generated/a.json.ts",
      "wrote generated/a.server.ts",
      "wrote generated/a.ts",
      "3 written, 5 unchanged; 1 route",
      "generated in N ms",
    ]);
  });

  test("tells an error in the middle of an edit, keeps what is written, and goes on", async () => {
    const watch = await started({ "proto/a.proto": room });
    const before = watch.project.read("generated/a.ts");
    watch.project.write({ "proto/a.proto": room.replace("(Other);", "(Othe") });
    expect((await watch.until(failed))[0]).toMatch(/^proto\/a\.proto:\d+:\d+: /);
    expect(watch.project.read("generated/a.ts")).toBe(before);
    watch.project.write({ "proto/a.proto": room.replace("(Text)", "(stream Text)") });
    expect((await watch.until(failed))[0]).toContain("is a streaming rpc");
    watch.project.write({ "proto/a.proto": withField("more") });
    expect(await watch.until(generated)).toContain("3 written, 5 unchanged; 1 route");
  });

  test("sees new, renamed and removed files and folders", async () => {
    const watch = await started({ "proto/a.proto": room });
    const at = (path: string): string => join(watch.project.directory, path);
    watch.project.write({ "proto/deep/er/b.proto": plain("b") });
    expect(await watch.until(generated)).toContain("wrote generated/deep/er/b.ts");
    watch.project.write({ "proto/deep/er/c.proto": plain("c") });
    expect(await watch.until(generated)).toContain("wrote generated/deep/er/c.ts");
    renameSync(at("proto/deep"), at("proto/flat"));
    expect(await watch.until(generated)).toEqual(
      expect.arrayContaining(["wrote generated/flat/er/b.ts", "removed generated/deep/er/c.ts"]),
    );
    watch.project.write({ "proto/flat/er/c.proto": plain("c").replace("Thing", "Other") });
    expect(await watch.until(generated)).toContain("wrote generated/flat/er/c.ts");
    rmSync(at("proto/flat"), { recursive: true });
    expect(await watch.until(generated)).toEqual(
      expect.arrayContaining(["removed generated/flat/er/b.ts", "removed generated/flat/er/c.ts"]),
    );
    expect(watch.project.list("generated").filter((path) => path.includes("/er/"))).toEqual([]);
  });

  test("sees a file that an editor replaces, and a folder that takes another's place", async () => {
    const watch = await started({ "proto/a.proto": room });
    const at = (path: string): string => join(watch.project.directory, path);
    for (const name of ["one", "two"]) {
      writeFileSync(at("proto/.a.proto.swp"), withField(name));
      renameSync(at("proto/.a.proto.swp"), at("proto/a.proto"));
      expect(await watch.until(generated)).toContain("wrote generated/a.ts");
    }
    watch.project.write({ "swapped/a.proto": withField("swapped") });
    renameSync(at("proto"), at("gone"));
    renameSync(at("swapped"), at("proto"));
    await watch.until(generated);
    watch.project.write({ "proto/a.proto": withField("inside") });
    await watch.until(generated);
    expect(watch.project.read("generated/a.ts")).toContain("inside");
    watch.project.write({ "other/a.proto": withField("three") });
    renameSync(at("proto"), at("old"));
    expect((await watch.until(failed))[0]).toBe(
      "the folder proto is not there: make it, or name yours with --proto DIR",
    );
    renameSync(at("other"), at("proto"));
    await watch.until(generated);
    watch.project.write({ "proto/a.proto": withField("four") });
    await watch.until(generated);
    expect(watch.project.read("generated/a.ts")).toContain("four");
  });

  test("makes one run of a burst", async () => {
    const watch = await started({ "proto/a.proto": room });
    for (let index = 0; index < 50; index++) {
      watch.project.write({ "proto/a.proto": withField(`f${index}`), [`proto/x${index}.proto`]: plain(`x${index}`) });
    }
    const lines = await watch.until(generated);
    expect(lines.filter((line) => line.startsWith("wrote generated/x"))).toHaveLength(50);
    expect(watch.project.read("generated/a.ts")).toContain("f49");
  });

  test("follows the configuration", async () => {
    const watch = await started({ "proto/a.proto": room, "wire/b.proto": plain("b") });
    watch.project.write({ "nanowire.config.json": '{ "proto": "wire", "out": "made" }' });
    expect(await watch.until(generated)).toContain("wrote made/b.ts");
    watch.project.write({ "wire/b.proto": plain("b").replace("Thing", "Other") });
    expect(await watch.until(generated)).toContain("wrote made/b.ts");
    watch.project.write({ "nanowire.config.json": '{ "proto": ' });
    expect((await watch.until(failed))[0]).toMatch(/^nanowire\.config\.json:1:\d+: /);
    watch.project.write({ "nanowire.config.json": '{ "proto": "wire", "out": "made", "tsNocheck": true }' });
    await watch.until(generated);
    expect(watch.project.read("made/b.ts")).toContain("// @ts-nocheck");
  });

  test("follows templates of the user's own", async () => {
    const template = "// Generated by nanowire. Do not edit.\nexport const text = 1;\n";
    const files = { "proto/a.proto": room, "templates/routes.hbs": template };
    const watch = await started(files, "--templates", "templates");
    expect(watch.project.read("generated/routes.ts")).toBe(template);
    watch.project.write({ "templates/routes.hbs": template.replace("1", "2") });
    expect(await watch.until(generated)).toContain("wrote generated/routes.ts");
    watch.project.remove("templates/routes.hbs");
    expect(await watch.until(generated)).toContain("wrote generated/routes.ts");
    expect(watch.project.read("generated/routes.ts")).toContain("Room.Join");
  });

  test("waits for a file that an editor empties before it writes it", async () => {
    const files = { "proto/a.proto": room, "proto/b.proto": plain("b"), "nanowire.config.json": '{ "json": true }' };
    const watch = await started(files);
    const lines: string[] = [];
    for (const [path, text] of Object.entries({
      "proto/a.proto": withField("more"),
      "nanowire.config.json": '{ "json": false }',
    })) {
      watch.project.write({ [path]: "" });
      await pauseOfAnEditor();
      watch.project.write({ [path]: text });
      lines.push(...(await watch.until(generated)));
    }
    expect(lines.filter((line) => line.startsWith("removed"))).toEqual([
      "removed generated/a.json.ts",
      "removed generated/google/protobuf/empty.json.ts",
    ]);
    expect(lines.join("\n")).not.toContain("this is not JSON");
    expect(watch.project.read("generated/a.ts")).toContain("more");
    expect(watch.project.read("proto/routes.lock.json")).toContain('"removed": {}');
  });

  test("takes a file for empty that stays so", async () => {
    const watch = await started({ "proto/a.proto": room, "proto/b.proto": plain("b") });
    watch.project.write({ "proto/b.proto": "" });
    expect(await watch.until(generated)).toContain("wrote generated/b.ts");
    expect(watch.project.read("generated/b.ts")).not.toContain("Thing");
    watch.project.write({ "nanowire.config.json": '{ "json": false }' });
    await watch.until(generated);
    watch.project.write({ "nanowire.config.json": "" });
    expect((await watch.until(failed))[0]).toMatch(/^nanowire\.config\.json:1:1: /);
  });

  test("tries again after a run that failed, whatever happened since", async () => {
    const watch = await started({ "proto/a.proto": room });
    const mine = join(watch.project.directory, "generated/b.ts");
    watch.project.write({ "generated/b.ts": "// mine\n", "proto/b.proto": plain("b") });
    expect((await watch.until(failed))[0]).toContain("generated/b.ts is not a generated file");
    renameSync(mine, join(watch.project.directory, "mine.ts"));
    watch.project.write({ "proto/b.proto": plain("b") });
    expect(await watch.until(generated)).toContain("wrote generated/b.ts");
  });

  test("sees a lock that another branch brought", async () => {
    const watch = await started({ "proto/a.proto": room });
    watch.project.write({
      "proto/routes.lock.json": '{\n  "version": 1,\n  "routes": {\n    "Room.Join": 7\n  },\n  "removed": {}\n}\n',
    });
    expect(await watch.until(generated)).toContain("wrote generated/routes.ts");
    expect(watch.project.read("generated/routes.ts")).toContain('"Room.Join": 7');
  });

  test("keeps no code for a route that only passed by while somebody was typing", async () => {
    const watch = await started({ "proto/a.proto": room });
    const lock = "proto/routes.lock.json";
    const withRpc = (name: string): string =>
      room.replace("rpc Join", `rpc ${name}(Text) returns (Other);\n  rpc Join`);
    for (const name of ["F", "Fo", "Foo"]) {
      watch.project.write({ "proto/a.proto": withRpc(name) });
      await watch.until(generated);
    }
    expect(Object.keys(JSON.parse(watch.project.read(lock)).routes)).toEqual(["Room.Foo", "Room.Join"]);
    expect(watch.project.read(lock)).toContain('"removed": {}');
    const git = (...args: string[]): void => {
      const identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
      expect(spawnSync("git", [...identity, ...args], { cwd: watch.project.directory }).status).toBe(0);
    };
    git("init", "-q");
    git("add", ".");
    git("commit", "-qm", "Foo");
    watch.project.write({ "proto/a.proto": withRpc("Bar") });
    await watch.until(generated);
    expect(Object.keys(JSON.parse(watch.project.read(lock)).removed)).toEqual(["Room.Foo"]);
    watch.stop();
    await watch.ended;
    const next = new Watch(watch.project);
    await next.until(/^watching/);
    watch.project.write({ "proto/a.proto": room });
    await next.until(generated);
    expect(Object.keys(JSON.parse(watch.project.read(lock)).removed)).toEqual(["Room.Bar", "Room.Foo"]);
  });

  test("finds what only all files together show", async () => {
    const many = Object.fromEntries(["p", "q", "r", "s"].map((name) => [`proto/${name}.proto`, plain(name)]));
    const watch = await started({ "proto/a.proto": room, ...many });
    watch.project.write({ "proto/p.proto": plain("q") });
    expect((await watch.until(failed))[0]).toMatch(/^proto\/[pq]\.proto:\d+:\d+: .*(q\.)?Thing/);
    watch.project.write({ "proto/p.proto": plain("p") });
    await watch.until(generated);
  });

  test("follows links", async () => {
    const project = new Project({ "proto/a.proto": room, "elsewhere/b.proto": plain("b") });
    symlinkSync(join(project.directory, "elsewhere"), join(project.directory, "proto/linked"));
    const watch = new Watch(project);
    await watch.until(/^watching/);
    project.write({ "elsewhere/b.proto": plain("b").replace("Thing", "Other") });
    expect(await watch.until(generated)).toContain("wrote generated/linked/b.ts");
  });

  test("starts with an error, or with no folder at all, and goes on", async () => {
    const watch = new Watch(new Project());
    expect((await watch.until(/^watching/))[0]).toContain("the folder proto is not there");
    mkdirSync(join(watch.project.directory, "proto"));
    await watch.until(failed);
    watch.project.write({ "proto/a.proto": room });
    await watch.until(generated);
  });

  test("ends with 0 when it is told to", async () => {
    const watch = await started({ "proto/a.proto": room });
    watch.stop();
    expect(await watch.ended).toBe(0);
    expect(await watch.until(/./)).toEqual(["stopped"]);
  });

  test("ends with 0 when it is told to before it has begun", async () => {
    const project = new Project({ "proto/a.proto": room });
    const printed: string[] = [];
    const exitCode = await runNanowire(["generate", "--watch"], {
      directory: project.directory,
      print: (line) => printed.push(line),
      printError: (line) => printed.push(line),
      untilStopped: () => AbortSignal.abort(),
    });
    expect({ exitCode, printed, files: project.list() }).toEqual({
      exitCode: 0,
      printed: ["stopped"],
      files: ["proto/a.proto"],
    });
  });

  test("does not go with --check", async () => {
    const { errors, exitCode } = await new Project({ "proto/a.proto": room }).run("generate", "--watch", "--check");
    expect(exitCode).toBe(1);
    expect(errors[0]).toBe("--check and --watch contradict each other: --check writes nothing");
  });
});

test("after any edits the files are those that one run would make", { timeout: 120_000 }, async () => {
  const names = ["a", "b", "c", "d", "e", "f"] as const;
  const text = (name: string, imports: readonly string[], variant: number): string =>
    [
      'syntax = "proto3";',
      `package ${name};`,
      ...imports.map((other) => `import "${other}.proto";`),
      `// Variant ${variant % 2}.`,
      `message M { int32 f${variant} = 1; ${imports.map((other, index) => `${other}.M m${index} = ${index + 2};`).join(" ")} ${imports.map((other, index) => `${other}.K k${index} = ${index + 5};`).join(" ")} }`,
      variant === 3 ? "message K {}" : `enum K { K_${variant} = 0; }`,
      ...(variant === 1 ? [] : [`service S${name} { rpc Get(M) returns (M); }`]),
      "",
    ].join("\n");
  const edit = fc.record({
    name: fc.constantFrom(...names),
    variant: fc.integer({ min: 0, max: 4 }),
    imports: fc.boolean(),
    remove: fc.boolean(),
  });
  const watch = await started(Object.fromEntries(names.map((name) => [`proto/${name}.proto`, text(name, [], 0)])));
  let changes = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
      const before = new Project();
      for (const path of watch.project.list("proto")) {
        before.write({ [`proto/${path}`]: watch.project.read(`proto/${path}`) });
      }
      for (const { name, variant, imports, remove } of edits) {
        const path = `proto/${name}.proto`;
        // Only files that stand before it in the alphabet are imported, and those that are always there.
        const others = imports ? ["a", "b"].filter((other) => other < name) : [];
        const there = watch.project.list("proto").includes(`${name}.proto`);
        if (remove && there && name > "b") {
          watch.project.remove(path);
        } else {
          watch.project.write({ [path]: text(name, others, variant) });
        }
      }
      const protos = (project: Project): string =>
        JSON.stringify(
          project
            .list("proto")
            .filter((path) => path.endsWith(".proto"))
            .map((path) => [path, project.read(`proto/${path}`)]),
        );
      fc.pre(protos(before) !== protos(watch.project));
      changes++;
      await watch.until(generated);
      const once = new Project();
      for (const path of watch.project.list("proto")) {
        once.write({ [`proto/${path}`]: watch.project.read(`proto/${path}`) });
      }
      await once.generate();
      const made = (project: Project): [string, string][] =>
        project.list("generated").map((path) => [path, project.read(`generated/${path}`)]);
      expect(made(watch.project)).toEqual(made(once));
    }),
    { numRuns: 25 },
  );
  expect(changes).toBeGreaterThan(10);
});

describe("the built command with --watch", () => {
  test.each(["SIGINT", "SIGTERM"] as const)("ends cleanly on %s", async (signal) => {
    const built = buildPackage(temporaryFolder(), "all");
    const project = new Project({ "proto/a.proto": room });
    const child = spawn(process.execPath, [built.cli, "generate", "--watch"], {
      cwd: project.directory,
      stdio: ["ignore", "pipe", "pipe"],
    });
    await printed(child, /watching/);
    child.kill(signal);
    const [code, killedBy] = await new Promise<[number | null, string | null]>((resolve) => {
      child.on("exit", (...how) => resolve(how));
    });
    expect([code, killedBy]).toEqual([0, null]);
    expect(project.list().filter((path) => path.includes("tmp"))).toEqual([]);
  });

  test("ends when nobody reads what it prints any more", async () => {
    const built = buildPackage(temporaryFolder(), "all");
    const project = new Project({ "proto/a.proto": room });
    const child = spawn(process.execPath, [built.cli, "generate", "--watch"], {
      cwd: project.directory,
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
    await printed(child, /watching/);
    const ended = new Promise((resolve) => child.on("exit", (...how) => resolve(how)));
    child.stdout.destroy();
    project.write({ "proto/a.proto": withField("more") });
    expect(await ended).toEqual([0, null]);
  });
});

describe("files that were emptied", () => {
  test("are waited for, each from when it was first seen so, but for no longer than that", () => {
    const files = new EmptiedFiles();
    expect(
      files.waitMs(
        [
          ["a", 5],
          ["always", 0],
        ],
        1000,
      ),
    ).toBe(0);
    expect(
      files.waitMs(
        [
          ["a", 0],
          ["always", 0],
        ],
        2000,
      ),
    ).toBe(emptyPatienceMs);
    expect(
      files.waitMs(
        [
          ["a", 0],
          ["new", 0],
        ],
        2100,
      ),
    ).toBe(emptyPatienceMs);
    expect(
      files.waitMs(
        [
          ["a", 0],
          ["new", 9],
        ],
        2100,
      ),
    ).toBe(emptyPatienceMs - 100);
    expect(files.waitMs([["a", 0]], 2000 + emptyPatienceMs)).toBe(0);
    expect(files.waitMs([["a", 0]], 9000)).toBe(0);
    expect(files.waitMs([["a", 7]], 9000)).toBe(0);
    expect(files.waitMs([["a", 0]], 9500)).toBe(emptyPatienceMs);
  });
});

/** How long a file stands empty while it is saved. Nothing waits for its end: it is what the watcher has to sit out. */
function pauseOfAnEditor(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 60));
}

/** Resolved when a process has printed something that fits. */
function printed(child: ChildProcess, pattern: RegExp): Promise<void> {
  let text = "";
  return new Promise((resolve, reject) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (pattern.test(text)) {
        resolve();
      }
    });
    child.on("exit", () => reject(new Error(`it ended: ${text}`)));
  });
}
