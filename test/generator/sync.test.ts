import { spawnSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { kebabCase } from "../../generator/model/components.js";
import { buildPackage, run } from "./support/built-package.js";
import { Project, proto, temporaryFolder } from "./support/project.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const room = proto(
  "// A room.",
  "service Room {",
  "  rpc Join(Text) returns (Other);",
  "  rpc Say(Text) returns (google.protobuf.Empty) {",
  "    option (nanowire.method).notify = true;",
  "  }",
  "  rpc Leave(google.protobuf.Empty) returns (google.protobuf.Empty);",
  "}",
  "service Events {",
  "  option (nanowire.service).kind = PUSH;",
  "  rpc Said(Text) returns (google.protobuf.Empty);",
  "}",
);
const skeleton = `import { NanowireError, type Session } from "nanowire";
import type { Other, Text } from "../generated/a.js";
import { RoomComponent } from "../generated/a.server.js";

/** A room. */
export class Room extends RoomComponent {
  override join(_session: Session, _request: Text): Other {
    throw new NanowireError("unimplemented", "Room.Join is not implemented yet");
  }

  override say(_session: Session, _message: Text): void {
    throw new NanowireError("unimplemented", "Room.Say is not implemented yet");
  }

  override leave(_session: Session): void {
    throw new NanowireError("unimplemented", "Room.Leave is not implemented yet");
  }
}
`;
const complete = ["0 written, 0 added to, 1 complete"];

/** A project with one file of the user's own. */
function projectWith(source: string, path = "src/mine.ts"): Project {
  return new Project({ "proto/a.proto": room, [path]: source });
}

/** Runs `nanowire sync`, which must end with 0. */
async function sync(
  project: Project,
  ...args: string[]
): Promise<{ printed: readonly string[]; errors: readonly string[] }> {
  const { exitCode, printed, errors } = await project.run("sync", ...args);
  expect(exitCode, errors.join("\n")).toBe(0);
  return { printed, errors };
}

/** What sync makes of a file of the user's, and what it says; a second run must change nothing. */
async function synced(source: string, path = "src/mine.ts"): Promise<{ text: string; errors: readonly string[] }> {
  const project = projectWith(source, path);
  const { errors } = await sync(project);
  const files = project.list();
  const text = project.read(path);
  const again = await sync(project);
  expect(again.printed.at(-1)).toMatch(/^0 written, 0 added to, 1 complete/);
  expect(project.list()).toEqual(files);
  expect(project.read(path)).toBe(text);
  return { text, errors };
}

describe("a component that is not there yet", () => {
  test("is written, and the second run changes nothing", async () => {
    const project = new Project({ "proto/a.proto": room });
    expect(await sync(project)).toEqual({
      printed: [
        "wrote src/room.ts: class Room (test.v1.Room); hand an instance to createServer({ components: [...] })",
        "1 written, 0 added to, 0 complete",
      ],
      errors: [],
    });
    expect(project.list()).toEqual(["proto/a.proto", "src/room.ts"]);
    expect(project.read("src/room.ts")).toBe(skeleton);
    expect(await sync(project)).toEqual({ printed: complete, errors: [] });
    expect(project.read("src/room.ts")).toBe(skeleton);
  });

  test("is not one of a client's project", async () => {
    const project = new Project({ "proto/a.proto": room, "nanowire.config.json": '{ "side": "client" }' });
    const { exitCode, errors } = await project.run("sync");
    expect(exitCode).toBe(1);
    expect(errors[0]).toBe('the configuration says "side": "client", and only a server has components: leave it out');
    expect(project.list()).toEqual(["nanowire.config.json", "proto/a.proto"]);
  });

  test("imports as generated files do", async () => {
    const config = JSON.stringify({ importExtension: "none" });
    const project = new Project({ "proto/a.proto": room, "nanowire.config.json": config });
    await sync(project);
    expect(project.read("src/room.ts")).toBe(skeleton.replaceAll('.js"', '"'));
    expect(await sync(project)).toEqual({ printed: complete, errors: [] });
  });

  test("goes into the folder of the configuration, or of the flag over it", async () => {
    const config = JSON.stringify({ components: "server/rooms", out: "wire" });
    const project = new Project({ "proto/a.proto": room, "nanowire.config.json": config });
    await sync(project);
    expect(project.read("server/rooms/room.ts")).toBe(skeleton.replaceAll("../generated/", "../../wire/"));
    await sync(project, "--components=other", "--out", "other/made");
    expect(project.read("other/room.ts")).toBe(skeleton.replaceAll("../generated/", "./made/"));
    await sync(project, "--components", ".");
    expect(project.list()).not.toContain("room.ts");
  });

  test("does not go among what is generated", async () => {
    const project = new Project({ "proto/a.proto": room });
    for (const folder of ["generated", "generated/inside"]) {
      const { exitCode, errors } = await project.run("sync", "--components", folder);
      expect(exitCode).toBe(1);
      expect(errors[0]).toBe(
        `the folder of components is ${folder}, and what is generated goes to generated: name a folder of your own with --components DIR`,
      );
    }
    expect(project.list()).toEqual(["proto/a.proto"]);
  });

  test("leaves a file of that name to its owner, and says so", async () => {
    const { errors } = await sync(projectWith("export const mine = 1;\n", "src/room.ts"));
    expect(errors).toEqual([
      "src/room.ts:1:1: RoomComponent is extended by no class, and its file would be this one: write `class Room extends RoomComponent` here or elsewhere, or give this file another name",
    ]);
  });

  test("gets a name with its package when two services are called the same", async () => {
    const other =
      'syntax = "proto3";\npackage other.v2;\nimport "nanowire/options.proto";\nmessage Session {}\nservice Room {\n  option (nanowire.service).route = "other";\n  rpc Get(Session) returns (Session);\n}\n';
    const project = new Project({ "proto/a.proto": room, "proto/b.proto": other });
    await sync(project);
    expect(project.list("src")).toEqual(["other-v2-room.ts", "test-v1-room.ts"]);
    expect(project.read("src/other-v2-room.ts")).toContain(
      'import type { Session as Session2 } from "../generated/b.js";',
    );
  });

  test.each([
    ["Room", "room"],
    ["RoomEvents", "room-events"],
    ["room_events", "room-events"],
    ["HTTPGate2D", "http-gate2-d"],
    ["chat.v1.Room", "chat-v1-room"],
  ])("%s is in %s.ts", (name, file) => {
    expect(kebabCase(name)).toBe(file);
  });

  test("compiles under every strict flag, whatever names the .proto has", { timeout: 60_000 }, async () => {
    const scenarios = join(repository, "test/generator/scenarios");
    const folder = temporaryFolder();
    let written = 0;
    const projects = readdirSync(scenarios).map((name) => ({ name, project: Project.copyOf(join(scenarios, name)) }));
    // A client's project has no components; what only a bundler resolves is compiled elsewhere.
    const config = (project: Project): string =>
      project.list().includes("nanowire.config.json") ? project.read("nanowire.config.json") : "";
    for (const { name, project } of projects.filter((one) => !/"client"|"none"|"ts"/.test(config(one.project)))) {
      await project.generate();
      await sync(project);
      const sources = project.list().filter((path) => path.endsWith(".ts") && !path.startsWith("expected/"));
      written += sources.filter((path) => path.startsWith("src/") && !path.startsWith("src/wire/")).length;
      for (const path of sources) {
        mkdirSync(dirname(join(folder, name, path)), { recursive: true });
        writeFileSync(join(folder, name, path), project.read(path));
      }
    }
    expect(written).toBeGreaterThan(8);
    expect(compile(folder)).toBe("");
  });
});

describe("a component that is there", () => {
  const head = 'import { RoomComponent } from "../generated/a.server.js";\n';
  const imports =
    'import { NanowireError, type Session } from "nanowire";\nimport type { Other, Text } from "../generated/a.js";\n';
  const methods = (indent: string): string => {
    const [, body = ""] = /RoomComponent \{\n([\s\S]*)\}\n$/.exec(skeleton) ?? [];
    return body.replace(/^ {2}(?=\S)/gm, indent).replace(/^ {4}(?=\S)/gm, indent + indent);
  };

  test("gets the methods that it lacks, and the imports that these need", async () => {
    const { text } = await synced(`${head}\nclass Room extends RoomComponent {\n}\n`);
    expect(text).toBe(`${head}${imports}\nclass Room extends RoomComponent {\n${methods("  ")}}\n`);
  });

  test("keeps what it has: methods, fields that are functions, what it imports already", async () => {
    const before = `import * as nano from "nanowire";
import { type Text as T, Other } from "../generated/a.js";
import { RoomComponent as Base } from "../generated/a.server.js";

export class Room extends Base {
    override join = async (session: nano.Session, { text }: T): Promise<Other> => ({ empty: {} });
    // the end
}
`;
    const { text, errors } = await synced(before);
    expect(errors).toEqual([]);
    expect(text).toBe(
      before.replace(
        "    // the end\n",
        `    // the end

    override say(_session: nano.Session, _message: T): void {
        throw new nano.NanowireError("unimplemented", "Room.Say is not implemented yet");
    }

    override leave(_session: nano.Session): void {
        throw new nano.NanowireError("unimplemented", "Room.Leave is not implemented yet");
    }
`,
      ),
    );
  });

  test("keeps its line ends, its tabs, its quotes, its missing semicolons and its missing last line end", async () => {
    const before =
      "\uFEFFimport { RoomComponent } from '../generated/a.server.js' // ours\r\n\r\n@Injected({ a: '}' })\r\nexport default class extends RoomComponent {\r\n\toverride leave(): void {}\r\n}";
    const { text } = await synced(before);
    expect(text).toBe(
      "\uFEFFimport { RoomComponent } from '../generated/a.server.js' // ours\r\n" +
        "import { NanowireError, type Session } from 'nanowire'\r\nimport type { Other, Text } from '../generated/a.js'\r\n" +
        "\r\n@Injected({ a: '}' })\r\nexport default class extends RoomComponent {\r\n\toverride leave(): void {}\r\n\r\n" +
        "\toverride join(_session: Session, _request: Text): Other {\r\n\t\tthrow new NanowireError('unimplemented', 'Room.Join is not implemented yet')\r\n\t}\r\n\r\n" +
        "\toverride say(_session: Session, _message: Text): void {\r\n\t\tthrow new NanowireError('unimplemented', 'Room.Say is not implemented yet')\r\n\t}\r\n" +
        "}",
    );
  });

  test("keeps line ends that are carriage returns alone", async () => {
    const { text } = await synced(`${head}class Room extends RoomComponent {\n}\n`.replaceAll("\n", "\r"));
    expect(text).toContain("override leave");
    expect(text).not.toContain("\n");
  });

  test("is completed where it stands on one line, beside its imports", async () => {
    const { text } = await synced(
      'import { RoomComponent } from "../generated/a.server"; class A extends RoomComponent {}\n',
    );
    const line = 'import { RoomComponent } from "../generated/a.server"; class A extends RoomComponent {';
    expect(text).toBe(`${imports}${line}\n${methods("  ")}}\n`);
  });

  test("is completed also where no line is left for an import", async () => {
    const { text } = await synced(
      '/* a\n */ import { RoomComponent } from "../generated/a.server" /*\n */; class A extends RoomComponent {}\n',
    );
    expect(text).toContain(
      '"../generated/a.server" /*\n */; import { NanowireError, type Session } from "nanowire"; import type { Other, Text } from "../generated/a.js"; class A',
    );
  });

  test("gives what it imports another name where the file has one of it", async () => {
    const { text } = await synced(
      `${head}interface Session {}\nconst NanowireError = 1;\nclass Room extends RoomComponent {}\n`,
    );
    expect(text).toContain('import { NanowireError as NanowireError2, type Session as Session2 } from "nanowire";');
    expect(text).toContain("join(_session: Session2, _request: Text): Other {\n    throw new NanowireError2(");
  });

  test("does not take a type for a value", async () => {
    const { text } = await synced(
      `import type { NanowireError, Session } from "nanowire";\n${head}class Room extends RoomComponent {}\n`,
    );
    expect(text).toContain('import { NanowireError as NanowireError2 } from "nanowire";\n');
    expect(text).toContain("join(_session: Session, ");
  });

  test("is found in every file, as a class expression, and as one of several", async () => {
    const project = new Project({
      "proto/a.proto": room,
      "src/deep/er/a.mts": `import { RoomComponent } from "#wire/a.server.js";\nexport const A = class extends RoomComponent {\n  static join() {}\n};\nnew (class B extends (RoomComponent) {\n  "join"() {}\n})();\n`,
      "src/deep/b.test.tsx":
        'import * as wire from "../../generated/a.server.js";\nclass C extends wire.RoomComponent {}\n',
      "src/node_modules/x/c.ts":
        'import { RoomComponent } from "../../../generated/a.server.js";\nclass D extends RoomComponent {}\n',
      "src/e.d.ts":
        'import { RoomComponent } from "../generated/a.server.js";\ndeclare class E extends RoomComponent {}\n',
    });
    expect((await sync(project)).printed).toEqual([
      "added to class C in src/deep/b.test.tsx: join, say, leave",
      "added to a class without a name in src/deep/er/a.mts: join, say, leave",
      "added to class B in src/deep/er/a.mts: say, leave",
      "0 written, 2 added to, 0 complete",
    ]);
    expect((await sync(project)).printed).toEqual(complete);
  });

  test.each([
    [
      "an abstract class",
      "abstract class Base extends RoomComponent {}\nclass Room extends Base { join() {} say() {} leave() {} }\n",
    ],
    ["what a function makes of the component", "class Room extends Logged(RoomComponent) {}\n"],
  ])("is there with %s, which may have its methods elsewhere", async (_, body) => {
    const project = projectWith(head + body);
    expect((await sync(project)).printed).toEqual(complete);
    expect(project.read("src/mine.ts")).toBe(head + body);
  });

  test.each(["get", "static", "async"])("does not make a field called %s the beginning of a method", async (field) => {
    const { text } = await synced(`${head}class Room extends RoomComponent {\n  ${field}\n}\n`);
    expect(text).toContain(`  ${field}\n  ;\n\n  override join`);
    const folder = temporaryFolder();
    writeFileSync(join(folder, "mine.ts"), text.slice(text.indexOf("class Room")));
    expect(syntaxErrors(folder)).toBe("");
  });

  test("stays a link, and executable", async () => {
    const project = projectWith(`${head}class Room extends RoomComponent {}\n`, "kept/mine.ts");
    mkdirSync(join(project.directory, "src"));
    chmodSync(join(project.directory, "kept/mine.ts"), 0o750);
    symlinkSync("../kept", join(project.directory, "src/linked"));
    await sync(project, "--components", "kept");
    expect(statSync(join(project.directory, "kept/mine.ts")).mode & 0o777).toBe(0o750);
    expect(lstatSync(join(project.directory, "src/linked")).isSymbolicLink()).toBe(true);
    expect(project.read("kept/mine.ts")).toContain("override leave");
    expect(project.list().filter((path) => path.includes("tmp"))).toEqual([]);
  });

  test("is found behind links, once, and completed where it is", async () => {
    const elsewhere = new Project({
      "far.ts": "import { RoomComponent } from '@/generated/a.server.js';\nclass Far extends RoomComponent {}\n",
    });
    const project = new Project({
      "proto/a.proto": room,
      "shared/deep/near.ts":
        'import { RoomComponent } from "../../generated/a.server.js";\nclass Near extends RoomComponent {}\n',
    });
    const link = (target: string, path: string): void => symlinkSync(target, join(project.directory, path));
    mkdirSync(join(project.directory, "src"));
    link("../shared/deep/near.ts", "src/near.ts");
    link("../shared", "src/shared");
    link("..", "src/round");
    link(join(elsewhere.directory, "far.ts"), "src/far.ts");
    const { printed } = await sync(project);
    expect(printed[0]).toMatch(
      /^added to class Far in src\/far\.ts, a link to \.\.\/.*\/far\.ts outside this folder: join, say, leave$/,
    );
    expect(printed.slice(1)).toEqual([
      "added to class Near in src/near.ts: join, say, leave",
      "0 written, 2 added to, 0 complete",
    ]);
    expect(elsewhere.read("far.ts")).toContain("override leave");
    expect(project.read("shared/deep/near.ts")).toContain('from "../../generated/a.js"');
    expect(project.read("shared/deep/near.ts").match(/override leave/g)).toHaveLength(1);
    expect(lstatSync(join(project.directory, "src/far.ts")).isSymbolicLink()).toBe(true);
    expect((await sync(project)).printed).toEqual(complete);
  });

  test("is found through files that export what is generated, under another name too", async () => {
    const project = new Project({
      "proto/a.proto": room,
      "lib/all.ts":
        'export * from "./round.js";\nexport * from "../generated/a.js";\nexport * from "../generated/a.server.js";\n',
      "lib/round.ts":
        'import { RoomComponent } from "../generated/a.server.js";\nexport * from "./all.js";\nexport { RoomComponent as Base };\n',
      "src/index.ts": 'export { Base as Room2, type Text } from "../lib/all.js";\n',
      "src/mine.ts":
        'import { Room2, type Text } from "./index.js";\nclass Mine extends Room2 {\n  join(_session: unknown, t: Text) { return f(t); }\n}\n',
      "src/other.ts": 'import { type Gone } from "./nothing.js";\nclass Other extends Gone { broken(\n',
    });
    expect(await sync(project)).toEqual({
      printed: ["added to class Mine in src/mine.ts: say, leave", "0 written, 1 added to, 0 complete"],
      errors: [],
    });
    expect(project.read("src/mine.ts")).toContain("say(_session: Session, _message: Text)");
    expect(project.list("src")).toEqual(["index.ts", "mine.ts", "other.ts"]);
  });

  test("is not added to while it is abstract; a class below it that lacks a method is told", async () => {
    const base = (...members: readonly string[]): string =>
      `import { RoomComponent } from "../generated/a.server.js";\nexport abstract class Base extends RoomComponent {\n  join() { return {}; }\n${members.join("")}}\n`;
    const files = {
      "proto/a.proto": room,
      "src/base.ts": base("  abstract override leave(): void;\n"),
      "src/middle.ts":
        'import { Base as Top } from "./base.js";\nexport abstract class Middle extends Top {\n  say() {}\n}\nclass Whole extends Middle {\n  leave() {}\n}\nclass Odd extends Odd {}\n',
      "src/mine.ts": 'import { Middle } from "./middle.js";\n\nexport class Mine extends Middle {}\n',
    };
    const project = new Project(files);
    expect(await sync(project)).toEqual({
      printed: ["0 written, 0 added to, 0 complete, 1 to look at"],
      errors: [
        "src/mine.ts:3:14: class Mine lacks leave, and so does Base, an abstract class that it extends: write that in one of them",
      ],
    });
    expect(project.read("src/mine.ts")).toBe(files["src/mine.ts"]);
    project.write({ "src/base.ts": base("  override leave(): void {}\n") });
    expect(await sync(project)).toEqual({ printed: complete, errors: [] });
  });

  test("is not written over what is no file of the user's, and the others are written all the same", async () => {
    const project = new Project({ "proto/a.proto": `${room}service Lobby {}\nservice Shop {}\n` });
    mkdirSync(join(project.directory, "src/shop.ts"), { recursive: true });
    symlinkSync("nowhere.ts", join(project.directory, "src/room.ts"));
    const { printed, errors } = await sync(project);
    expect(printed[0]).toContain("wrote src/lobby.ts");
    expect(errors).toHaveLength(2);
    expect(errors[0]).toContain("its file would be src/room.ts, where something else stands");
    expect(errors[1]).toContain("its file would be src/shop.ts, where something else stands");
  });

  test("is not added to when its file is read-only, and nothing else is written either", async () => {
    const project = new Project({
      "proto/a.proto": `${room}service Lobby {}\n`,
      "src/mine.ts": `${head}class Room extends RoomComponent {}\n`,
    });
    chmodSync(join(project.directory, "src/mine.ts"), 0o400);
    const { exitCode, errors } = await project.run("sync");
    expect({ exitCode, errors }).toEqual({
      exitCode: 1,
      errors: [
        "src/mine.ts is read-only, and something in it has to change: let it be written, as with chmod u+w",
        "nothing was written",
      ],
    });
    expect(project.list("src")).toEqual(["mine.ts"]);
  });

  test("is left as it is while its syntax is wrong, and nothing is made beside it", async () => {
    const project = projectWith(`${head}class Room extends RoomComponent {\n  join( {\n`);
    const { errors } = await sync(project);
    expect(errors).toEqual(["src/mine.ts:4:1: '}' expected. The file is left as it is until that is right"]);
    expect(project.list("src")).toEqual(["mine.ts"]);
  });

  test("is left as it is when it is not UTF-8", async () => {
    const project = new Project({ "proto/a.proto": room });
    const bytes = Buffer.concat([
      Buffer.from(`${head}// `),
      Buffer.from([0xe9]),
      Buffer.from("\nclass Room extends RoomComponent {}\n"),
    ]);
    mkdirSync(join(project.directory, "src"));
    writeFileSync(join(project.directory, "src/mine.ts"), bytes);
    expect((await sync(project)).errors).toEqual([
      "src/mine.ts:1:1: class Room lacks join, say, leave, and the file is not UTF-8, so it is left as it is: save it as UTF-8",
    ]);
    expect(readFileSync(join(project.directory, "src/mine.ts"))).toEqual(bytes);
  });
});

describe("what does not fit any more", () => {
  const mine = (body: string, imports = ""): string =>
    `import type { Session } from "nanowire";\nimport type { Other, Text${imports} } from "../generated/a.js";\nimport { RoomComponent } from "../generated/a.server.js";\nclass Room extends RoomComponent {\n${body}\n}\n`;
  const rest = "  say(s: Session, t: Text): void {}\n  leave(): void {}";

  test.each([
    [
      "a request of another type",
      "  join(s: Session, r: Gone): Promise<Other> { return f(r); }",
      ["src/mine.ts:5:23: join takes Gone, and the rpc at proto/a.proto:9:7 sends Text: write Text"],
    ],
    [
      "a response of another type",
      "  async join(s: Session, r: Text): Promise<Text> { return r; }",
      ["src/mine.ts:5:44: join returns Text, and the rpc at proto/a.proto:9:7 returns Other: return Other"],
    ],
    [
      "a request that is none now, and a response where there is none",
      "  join(s: Session, r: Text): Other { return f(r); }\n  say(s: Session, t: Text): void {}\n  leave = (s: Session, r: Text): Awaitable<Other> => f(r);",
      [
        "src/mine.ts:7:24: leave takes r: Text, and the rpc at proto/a.proto:13:7 sends nothing (google.protobuf.Empty): take the session only",
        "src/mine.ts:7:44: leave returns Other, and the rpc at proto/a.proto:13:7 returns void (google.protobuf.Empty): return void",
      ],
    ],
    [
      "a request where there was none",
      `  join(s: Session): Other { return f(); }\n  say = (s: Session): void => {};\n  leave(): void {}`,
      [
        "src/mine.ts:5:3: join takes no request, and the rpc at proto/a.proto:9:7 sends Text: take `request: Text`, or `_request: Text` if it does not matter",
        "src/mine.ts:6:3: say takes no message, and the rpc at proto/a.proto:10:7 sends Text: take `message: Text`, or `_message: Text` if it does not matter",
      ],
    ],
    [
      "a method that overrides nothing",
      `  join(s: Session, r: Text): Other { return f(r); }\n${rest}\n  override kick(s: Session): void {}\n  override init(): void {}\n  helper(): void {}`,
      [
        "src/mine.ts:8:12: kick overrides nothing: service test.v1.Room has no such rpc. Delete it, or leave `override` out",
      ],
    ],
  ])("%s", async (_, body, expected) => {
    const whole = body.includes("leave") ? body : `${body}\n${rest}`;
    const source = mine(whole, ", Gone");
    const { text, errors } = await synced(source);
    expect(errors).toEqual(expected);
    expect(text).toBe(source);
  });

  test("nothing is said of what fits, or of what only the compiler can know", async () => {
    const { errors } = await synced(
      mine(
        `  join(s: Session, r: Readonly<Text>): Mine | Promise<Other>;\n  join(s: any, r: any) { return f(r); }\n  say(s: Session, { text }: Text, more = 1) {}\n  leave(s: Session, r?: Text) {}\n  #other(): string { return ""; }\n  static override(): void {}`,
      ),
    );
    expect(errors).toEqual([]);
  });

  test("an rpc that the lock remembers is gone", async () => {
    const project = projectWith(mine(`  join(s: Session, r: Text): Other { return f(r); }\n${rest}`));
    await project.generate();
    const before = project.read("src/mine.ts");
    project.write({ "proto/a.proto": room.replace(/ {2}rpc Leave.*\n/, "") });
    const gone =
      "src/mine.ts:7:3: leave is called by nobody any more: the rpc of route Room.Leave is gone. Delete it, or bring the rpc back";
    expect(await sync(project)).toEqual({
      printed: ["0 written, 0 added to, 1 complete, 1 to look at"],
      errors: [gone],
    });
    await project.generate();
    expect((await sync(project)).errors).toEqual([gone]);
    expect(project.read("src/mine.ts")).toBe(before);
  });

  test("a service that is gone", async () => {
    const project = projectWith(mine(`  join(s: Session, r: Text): Other { return f(r); }\n${rest}`));
    project.write({ "proto/a.proto": room.replace("service Room", "service Hall") });
    const { errors } = await sync(project);
    expect(errors).toEqual([
      "src/mine.ts:4:20: RoomComponent is generated no more: no HANDLER service stands for it. Delete the class, or bring the service back",
    ]);
    expect(project.list("src")).toEqual(["hall.ts", "mine.ts"]);
  });
});

describe("a remote", () => {
  const bank = (...more: readonly string[]): string =>
    proto(
      "service Ledger {",
      "  option (nanowire.service).kind = REMOTE;",
      "  rpc Add(Text) returns (Other);",
      "  rpc Note(Text) returns (google.protobuf.Empty) {",
      "    option (nanowire.method).notify = true;",
      "  }",
      "  rpc Close(google.protobuf.Empty) returns (google.protobuf.Empty);",
      ...more,
      "}",
    );
  const ledger = `import { NanowireError, type RemoteContext } from "nanowire";
import type { Other, Text } from "../generated/a.js";
import { LedgerRemote } from "../generated/a.server.js";

/** Handles service test.v1.Ledger. */
export class Ledger extends LedgerRemote {
  override add(_context: RemoteContext, _request: Text): Other {
    throw new NanowireError("unimplemented", "Ledger.Add is not implemented yet");
  }

  override note(_context: RemoteContext, _message: Text): void {
    throw new NanowireError("unimplemented", "Ledger.Note is not implemented yet");
  }

  override close(_context: RemoteContext): void {
    throw new NanowireError("unimplemented", "Ledger.Close is not implemented yet");
  }
}
`;

  test("that is not there yet is written, and the second run changes nothing", async () => {
    const project = new Project({ "proto/a.proto": bank() });
    expect(await sync(project)).toEqual({
      printed: [
        "wrote src/ledger.ts: class Ledger (test.v1.Ledger); other nodes of a cluster call it, no client does",
        "1 written, 0 added to, 0 complete",
      ],
      errors: [],
    });
    expect(project.read("src/ledger.ts")).toBe(ledger);
    expect(await sync(project)).toEqual({ printed: complete, errors: [] });
    expect(project.read("src/ledger.ts")).toBe(ledger);
  });

  test("is completed beside a component in one file, each with what it takes, and keeps every byte", async () => {
    const before = `import type { RemoteContext as Context } from 'nanowire'
import * as wire from '../generated/a.server'

export class Rooms extends wire.RoomComponent {
	override join = () => this.#empty   // ours
}
export class Ledger extends wire.LedgerRemote {
	override async add(_: Context, { text }: Text): Promise<Other> { return f(text) }
}
`;
    const project = new Project({
      "proto/a.proto": `${room}service Ledger {\n  option (nanowire.service).kind = REMOTE;\n  rpc Add(Text) returns (Other);\n  rpc Close(google.protobuf.Empty) returns (google.protobuf.Empty);\n}\n`,
      "src/mine.ts": before,
    });
    expect((await sync(project)).printed).toEqual([
      "added to class Rooms in src/mine.ts: say, leave",
      "added to class Ledger in src/mine.ts: close",
      "0 written, 1 added to, 0 complete",
    ]);
    expect(project.read("src/mine.ts")).toBe(
      before
        .replace(
          "\n\nexport class Rooms",
          "\nimport { NanowireError, type Session } from 'nanowire'\nimport type { Text } from '../generated/a.js'\n\nexport class Rooms",
        )
        .replace(
          "// ours\n",
          "// ours\n\n\toverride say(_session: Session, _message: Text): void {\n\t\tthrow new NanowireError('unimplemented', 'Room.Say is not implemented yet')\n\t}\n\n\toverride leave(_session: Session): void {\n\t\tthrow new NanowireError('unimplemented', 'Room.Leave is not implemented yet')\n\t}\n",
        )
        .replace(
          "return f(text) }\n",
          "return f(text) }\n\n\toverride close(_context: Context): void {\n\t\tthrow new NanowireError('unimplemented', 'Ledger.Close is not implemented yet')\n\t}\n",
        ),
    );
    expect((await sync(project)).printed).toEqual(["0 written, 0 added to, 2 complete"]);
  });

  test("gets the method of a new rpc; what does not fit any more is told, and left as it is", async () => {
    const mine = ledger
      .replace("_request: Text", "_request: Other")
      .replace("_context: RemoteContext): void", "_context: RemoteContext, hard: boolean): void")
      .replace(/}\n$/, "\n  override audit(): void {}\n}\n");
    const project = new Project({ "proto/a.proto": bank("  rpc Open(Text) returns (Text);"), "src/ledger.ts": mine });
    const errors = [
      "src/ledger.ts:7:51: add takes Other, and the rpc at proto/a.proto:9:7 sends Text: write Text",
      "src/ledger.ts:15:43: close takes hard: boolean, and the rpc at proto/a.proto:13:7 sends nothing (google.protobuf.Empty): take the context only",
      "src/ledger.ts:19:12: audit overrides nothing: service test.v1.Ledger has no such rpc. Delete it, or leave `override` out",
    ];
    expect(await sync(project)).toEqual({
      printed: ["added to class Ledger in src/ledger.ts: open", "0 written, 1 added to, 0 complete, 3 to look at"],
      errors,
    });
    expect(project.read("src/ledger.ts")).toBe(
      mine.replace(
        /}\n$/,
        '\n  override open(_context: RemoteContext, _request: Text): Text {\n    throw new NanowireError("unimplemented", "Ledger.Open is not implemented yet");\n  }\n}\n',
      ),
    );
    expect(await sync(project)).toEqual({ printed: ["0 written, 0 added to, 1 complete, 3 to look at"], errors });
  });

  test("that is gone is told", async () => {
    const project = new Project({ "proto/a.proto": room, "src/ledger.ts": ledger, "src/room.ts": skeleton });
    expect((await sync(project)).errors).toEqual([
      "src/ledger.ts:6:29: LedgerRemote is generated no more: no REMOTE service stands for it. Delete the class, or bring the service back",
    ]);
  });
});

describe("a service of another kind than before", () => {
  const remoteRoom = room.replace("service Room {", "service Room {\n  option (nanowire.service).kind = REMOTE;");

  test("a component whose service is REMOTE now is told what to do, and nothing is made beside it", async () => {
    const project = new Project({ "proto/a.proto": room });
    await sync(project);
    project.write({ "proto/a.proto": remoteRoom });
    const errors = [
      "src/room.ts:6:27: service test.v1.Room is of kind REMOTE now, and RoomComponent is generated no more: extend RoomRemote, and let each method take a RemoteContext where it took a Session. Or make the service of kind HANDLER again",
    ];
    expect(await sync(project)).toEqual({
      printed: ["0 written, 0 added to, 0 complete, 1 to look at"],
      errors,
    });
    expect(await project.run("sync", "--check")).toEqual({ exitCode: 0, printed: ["0 complete"], errors });
    expect(project.read("src/room.ts")).toBe(skeleton);
    expect(project.list("src")).toEqual(["room.ts"]);
  });

  test("then its methods are told of one by one, until all fit", async () => {
    const renamed = skeleton.replaceAll("RoomComponent", "RoomRemote");
    const project = new Project({ "proto/a.proto": remoteRoom, "src/room.ts": renamed });
    expect((await sync(project)).errors).toEqual([
      "src/room.ts:7:27: join takes a Session, and the rpc at proto/a.proto:10:7 is called by another node: take a RemoteContext",
      "src/room.ts:11:26: say takes a Session, and the rpc at proto/a.proto:11:7 is called by another node: take a RemoteContext",
      "src/room.ts:15:28: leave takes a Session, and the rpc at proto/a.proto:14:7 is called by another node: take a RemoteContext",
    ]);
    project.write({ "src/room.ts": renamed.replaceAll(/\bSession\b/g, "RemoteContext") });
    expect(await sync(project)).toEqual({ printed: complete, errors: [] });
  });

  test("a remote whose service is of clients now is told what to do", async () => {
    const remote = skeleton.replaceAll("RoomComponent", "RoomRemote").replaceAll(/\bSession\b/g, "RemoteContext");
    const project = new Project({ "proto/a.proto": room, "src/room.ts": remote });
    expect((await sync(project)).errors).toEqual([
      "src/room.ts:6:27: service test.v1.Room is of kind HANDLER now, and RoomRemote is generated no more: extend RoomComponent, and let each method take a Session where it took a RemoteContext. Or make the service of kind REMOTE again",
    ]);
    project.write({ "src/room.ts": remote.replaceAll("RoomRemote", "RoomComponent") });
    expect((await sync(project)).errors[0]).toBe(
      "src/room.ts:7:27: join takes a RemoteContext, and the rpc at proto/a.proto:9:7 is called by a client: take a Session",
    );
  });

  test("in a file whose syntax is wrong it is there all the same", async () => {
    const project = new Project({ "proto/a.proto": remoteRoom, "src/mine.ts": `${skeleton}}` });
    expect((await sync(project)).errors).toEqual([
      "src/mine.ts:19:1: Declaration or statement expected. The file is left as it is until that is right",
    ]);
    expect(project.list("src")).toEqual(["mine.ts"]);
  });
});

describe("nanowire sync --check", () => {
  test("writes nothing, and fails when something would be written", async () => {
    const project = new Project({ "proto/a.proto": room });
    expect(await project.run("sync", "--check")).toEqual({
      exitCode: 1,
      printed: [],
      errors: [
        "src/room.ts would be written: class Room (test.v1.Room)",
        "run nanowire sync, and fill in what it writes",
      ],
    });
    expect(project.list()).toEqual(["proto/a.proto"]);
    await sync(project);
    expect(await project.run("sync", "--check")).toEqual({ exitCode: 0, printed: ["1 complete"], errors: [] });
    project.write({ "src/room.ts": skeleton.replace(/ {2}override leave[\s\S]*?\n {2}\}\n/, "") });
    expect((await project.run("sync", "--check")).errors[0]).toBe("class Room in src/room.ts lacks leave");
  });

  test("tells the errors of the .proto files, and of the flags", async () => {
    const project = new Project({ "proto/a.proto": room.replace("(Text)", "(stream Text)") });
    const { exitCode, errors } = await project.run("sync");
    expect(exitCode).toBe(1);
    expect(errors[0]).toMatch(/^proto\/a\.proto:9:12: test\.v1\.Room\.Join is a streaming rpc/);
    expect((await project.run("sync", "--chekc", "here", "--components", "--out=")).errors).toEqual([
      "there is no flag --chekc; did you mean --check? (nanowire sync --help lists them)",
      "nanowire sync takes no argument here: folders of .proto files are named with --proto here",
      "--components wants a value: --components DIR",
      "--out wants a value: --out DIR",
      "4 errors; nothing was written",
    ]);
    expect((await project.run("sync", "--help")).printed.join("\n")).toContain("--components DIR");
  });
});

test("without ts-morph it names it, and the command that installs it", () => {
  const built = buildPackage(temporaryFolder(), ["@bufbuild/protobuf", "@bufbuild/buf", "ts-proto"]);
  const project = new Project({ "proto/a.proto": room });
  const result = run(process.execPath, [built.cli, "sync"], project.directory);
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toMatch(
    /ts-morph is not installed\. Install what is needed with\n {2}npm install -D ts-morph@28\.\d+\.\d+\n/,
  );
});

/** What tsc says of the TypeScript in a folder, under this repository's flags. */
function compile(folder: string): string {
  const tsconfig = {
    extends: join(repository, "tsconfig.json"),
    compilerOptions: {
      rootDir: "/",
      typeRoots: [join(repository, "node_modules/@types")],
      paths: {
        nanowire: [join(repository, "runtime/index.ts")],
        "nanowire/client": [join(repository, "runtime/client/index.ts")],
        "nanowire/json": [join(repository, "runtime/protocol/json/index.ts")],
        "nanowire/wire": [join(repository, "runtime/protocol/wire/index.ts")],
        "@bufbuild/protobuf/wire": [join(repository, "node_modules/@bufbuild/protobuf/dist/esm/wire/index.d.ts")],
      },
    },
    include: [folder],
    exclude: [],
  };
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
  return tsc(folder);
}

/** The errors of syntax in a folder: those whose numbers are below 2000. */
function syntaxErrors(folder: string): string {
  writeFileSync(
    join(folder, "tsconfig.json"),
    '{ "compilerOptions": { "noEmit": true, "types": [], "target": "esnext" } }',
  );
  return tsc(folder)
    .split("\n")
    .filter((line) => /error TS1\d{3}:/.test(line))
    .join("\n");
}

function tsc(folder: string): string {
  const path = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
  const { stdout, stderr } = spawnSync(process.execPath, [path, "-p", folder], { encoding: "utf8" });
  return stdout + stderr;
}
