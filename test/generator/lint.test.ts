import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { lintRules, mtuBytes } from "../../generator/lint/rules.js";
import { headerBytes, usual } from "../../generator/lint/size.js";
import { defaultExceptions } from "../../generator/read/buf-lint.js";
import { Project } from "./support/project.js";

type Rule = keyof typeof lintRules;

/** A .proto that no rule finds anything in, with `lines` from line 11 on. */
function clean(...lines: readonly string[]): string {
  return [
    'syntax = "proto3";',
    "",
    "package test.v1;",
    "",
    'import "google/protobuf/empty.proto";',
    'import "nanowire/options.proto";',
    "",
    "message Asked {",
    "  int32 id = 1;",
    "}",
    ...lines,
    "service Game {",
    "  option (nanowire.service).bound_only = true;",
    "  rpc Ask(Asked) returns (google.protobuf.Empty);",
    "}",
    "",
  ].join("\n");
}

/** A push of a message `Pushed` with the given fields, the first of them on line 12. */
function pushed(...fields: readonly string[]): string {
  return clean(
    "message Pushed {",
    ...fields,
    "}",
    "service Events {",
    "  option (nanowire.service).kind = PUSH;",
    "  rpc Told(Pushed) returns (google.protobuf.Empty);",
    "}",
  );
}

/** What lint finds, without why and what instead. */
async function found(text: string, config: object = {}, ...args: string[]): Promise<string[]> {
  const project = new Project({ "proto/test/v1/a.proto": text, "nanowire.config.json": JSON.stringify(config) });
  const { exitCode, printed, errors } = await project.run("lint", ...args);
  expect(exitCode).toBe(printed.at(-1)?.startsWith("nothing found") ? 0 : 1);
  return [...printed, ...errors]
    .slice(0, -1)
    .map((line) => line.replace(/^proto\/test\/v1\/a\.proto:/, "").replace(/\. [A-Z].*$/, ""));
}

interface Case {
  readonly rule: Rule;
  readonly fires: readonly (readonly [text: string, findings: readonly string[]])[];
  readonly rests: readonly string[];
}

const cases: readonly Case[] = [
  {
    rule: "PUSH_UNBOUNDED",
    fires: [
      [
        pushed(
          "  string name = 1;",
          "  bytes picture = 2;",
          "  repeated int32 ids = 3;",
          "  map<int32, bool> seen = 4;",
        ),
        [
          "12:10: PUSH_UNBOUNDED: name may hold any number of bytes, in a message that is pushed",
          "13:9: PUSH_UNBOUNDED: picture may hold any number of bytes, in a message that is pushed",
          "14:18: PUSH_UNBOUNDED: ids may hold any number of items, in a message that is pushed",
          "15:20: PUSH_UNBOUNDED: seen may hold any number of items, in a message that is pushed",
        ],
      ],
      [
        pushed("  Inner inner = 1;", "  message Inner {", "    string name = 1;", "  }"),
        ["14:12: PUSH_UNBOUNDED: name may hold any number of bytes, in a message that is pushed"],
      ],
    ],
    rests: [
      pushed(
        "  // nanowire:lint:max 32",
        "  string name = 1;",
        "  // The ids.",
        "  // nanowire:lint:max 8",
        "  repeated int32 ids = 2;",
      ),
      pushed("  int32 id = 1;", "  Inner inner = 2;", "  message Inner {", "    float x = 1;", "  }"),
      clean("message Answer {", "  string text = 1;", "  repeated string names = 2;", "}"),
    ],
  },
  {
    rule: "PUSH_OVER_MTU",
    fires: [
      [
        pushed("  // nanowire:lint:max 64 40", "  repeated string names = 1;", "  int32 id = 2;"),
        ["18:7: PUSH_OVER_MTU: Told is about 2698 bytes, 2688 of them names"],
      ],
      [
        pushed(
          "  // nanowire:lint:max 400",
          "  bytes a = 1;",
          "  oneof one {",
          "    // nanowire:lint:max 900",
          "    bytes b = 2;",
          "    // nanowire:lint:max 800",
          "    bytes c = 3;",
          "  }",
        ),
        ["23:7: PUSH_OVER_MTU: Told is about 1313 bytes, 903 of them b"],
      ],
    ],
    rests: [
      pushed("  // nanowire:lint:max 16 40", "  repeated string names = 1;", "  int32 id = 2;"),
      pushed(
        "  oneof one {",
        "    // nanowire:lint:max 900",
        "    bytes a = 1;",
        "    // nanowire:lint:max 800",
        "    bytes b = 2;",
        "  }",
      ),
      // A message inside itself counts once.
      pushed("  // nanowire:lint:max 9", "  repeated Pushed more = 1;", "  float x = 2;"),
    ],
  },
  {
    rule: "PUSH_DOUBLE",
    fires: [
      [
        pushed("  double x = 1;", "  // nanowire:lint:max 4", "  map<int32, double> all = 2;"),
        [
          "12:10: PUSH_DOUBLE: x is a double, in a message that is pushed",
          "14:22: PUSH_DOUBLE: all is a double, in a message that is pushed",
        ],
      ],
    ],
    rests: [pushed("  float x = 1;", "  sint32 y_cm = 2;"), clean("message Answer {", "  double x = 1;", "}")],
  },
  {
    rule: "STRING_FOR_ENUM",
    fires: [
      [
        clean("message Answer {", "  string kind = 1;", "  repeated string player_state = 2;", "}"),
        ["12:10: STRING_FOR_ENUM: kind is a string", "13:19: STRING_FOR_ENUM: player_state is a string"],
      ],
    ],
    rests: [clean("message Answer {", "  string kindness = 1;", "  int32 type = 2;", "  string status_text = 3;", "}")],
  },
  {
    rule: "FIELD_NUMBER_GAP",
    fires: [
      [
        clean("message Answer {", "  reserved 4, 8 to 9;", "  int32 a = 2;", "  int32 b = 6;", "  int32 c = 12;", "}"),
        ["11:9: FIELD_NUMBER_GAP: Answer leaves out 1, 3, 5, 7, 10 to 11: write `reserved 1, 3, 5, 7, 10 to 11;`"],
      ],
    ],
    rests: [
      clean("message Answer {", "  reserved 2, 4 to 5;", "  int32 a = 1;", "  int32 c = 6;", "  int32 b = 3;", "}"),
      clean("message Answer {}"),
    ],
  },
  {
    rule: "EMPTY_RESPONSE",
    fires: [
      [
        clean("message Nothing {}", "service S {", "  rpc Do(Asked) returns (Nothing);", "}"),
        ["13:26: EMPTY_RESPONSE: Do returns test.v1.Nothing, which has no field"],
      ],
    ],
    rests: [
      clean(
        "service S {",
        "  rpc Do(Asked) returns (google.protobuf.Empty);",
        "  rpc Get(Asked) returns (Asked);",
        "}",
      ),
    ],
  },
  {
    rule: "LINT_DIRECTIVE",
    fires: [
      [
        clean(
          "// nanowire:lint:ignore STRING_FOR_ENUMS because",
          "message Answer {",
          "  // nanowire:lint:ignore FIELD_NUMBER_GAP",
          "  int32 a = 1;",
          "  // nanowire:lint:max many",
          "  int32 b = 2;",
          "  int32 c = 3; // nanowire:lint:igonre PUSH_DOUBLE because",
          "}",
        ),
        [
          "12:1: LINT_DIRECTIVE: there is no rule STRING_FOR_ENUMS; did you mean STRING_FOR_ENUM?; rules of buf's own are silenced with `// buf:lint:ignore`",
          "14:3: LINT_DIRECTIVE: FIELD_NUMBER_GAP is ignored without a reason: write why after it",
          "16:3: LINT_DIRECTIVE: `max` wants a number: of items or bytes, and for items a second one, the bytes of each",
          "17:3: LINT_DIRECTIVE: there is no directive igonre; did you mean ignore?; there are ignore and max",
        ],
      ],
    ],
    rests: [
      clean(
        "// nanowire:lint:ignore STRING_FOR_ENUM a plug-in names them",
        "message Answer {",
        "  string kind = 1;",
        "}",
      ),
    ],
  },
];

describe("nanowire lint", () => {
  test("every rule is tested", () => {
    expect(cases.map(({ rule }) => rule)).toEqual(Object.keys(lintRules));
  });

  describe.each(cases)("$rule", ({ fires, rests }) => {
    test.each(fires)("fires %#", async (text, findings) => {
      expect(await found(text)).toEqual(findings);
    });

    test.each(rests.map((text) => [text]))("rests %#", async (text) => {
      expect(await found(text)).toEqual([]);
    });
  });

  test("tells why, and what to write instead, and fails", async () => {
    const project = new Project({ "proto/test/v1/a.proto": pushed("  double x = 1;") });
    const { why, instead } = lintRules.PUSH_DOUBLE;
    expect(await project.run("lint")).toEqual({
      exitCode: 1,
      printed: [
        `proto/test/v1/a.proto:12:10: PUSH_DOUBLE: x is a double, in a message that is pushed. ${why} ${instead}`,
        "1 found in 1 file",
      ],
      errors: [],
    });
    project.write({ "proto/test/v1/a.proto": clean() });
    expect(await project.run("lint")).toEqual({ exitCode: 0, printed: ["nothing found in 1 file"], errors: [] });
  });

  test("is silenced by a comment above the thing or what it stands in, and by the configuration", async () => {
    const text = pushed(
      "  // nanowire:lint:ignore PUSH_DOUBLE read by a tool that wants doubles",
      "  double x = 1;",
      "  double y = 2;",
    );
    expect(await found(text)).toHaveLength(1);
    expect(
      await found(text.replace("message Pushed", "// nanowire:lint:ignore PUSH_DOUBLE all of it\nmessage Pushed")),
    ).toEqual([]);
    expect(await found(text, { lint: { ignore: ["PUSH_DOUBLE"] } })).toEqual([]);
    expect(await found(text, { lint: { ignore: ["PUSH_DOUBLE ./proto/test/"] } })).toEqual([]);
    expect(await found(text, { lint: { ignore: ["PUSH_DOUBLE proto/te"] } })).toHaveLength(1);
  });

  test("a rule that there is not is not ignored; one of buf's is", async () => {
    const config = (...ignore: string[]): string => JSON.stringify({ lint: { ignore } });
    const project = new Project({
      "proto/test/v1/a.proto": clean(),
      "nanowire.config.json": config("PUSH_DOUBEL", "PACKAGE_VERSION_SUFIX proto/test", "ENUM_PASCAL_CASE"),
    });
    const where = "(docs/lint.md lists Nanowire's, `buf config ls-lint-rules` buf's)";
    expect(await project.run("lint")).toEqual({
      exitCode: 1,
      printed: [],
      errors: [
        `"lint.ignore": there is no rule PUSH_DOUBEL; did you mean PUSH_DOUBLE? ${where}`,
        `"lint.ignore": there is no rule PACKAGE_VERSION_SUFIX; did you mean PACKAGE_VERSION_SUFFIX? ${where}`,
        "2 errors; nothing was written",
      ],
    });
  });

  test("what the comments say to it is not in the generated code", async () => {
    const text = pushed("  // How far.", "  // nanowire:lint:ignore PUSH_DOUBLE a reason", "  double x = 1;");
    const project = new Project({ "proto/test/v1/a.proto": text });
    await project.generate();
    const codec = project.read("generated/test/v1/a.ts");
    expect(codec).toContain("/** How far. */");
    expect(project.list("generated").filter((path) => project.read(`generated/${path}`).includes("lint:"))).toEqual([]);
  });

  test("has buf's rules, STANDARD without four", async () => {
    expect(await found(clean("message bad {", "  int32 Id = 1;", "}"))).toEqual([
      '11:9: MESSAGE_PASCAL_CASE: Message name "bad" should be PascalCase, such as "Bad".',
      '12:9: FIELD_LOWER_SNAKE_CASE: Field name "Id" should be lower_snake_case, such as "id".',
    ]);
  });

  test("has the rules of the project's own buf.yaml, in the working directory or beside the files", async () => {
    const text = clean("message bad {", "  int32 Id = 1;", "}");
    const yaml = "lint:\n  use:\n    - MESSAGE_PASCAL_CASE\n";
    for (const files of [
      { "buf.yaml": `version: v2\nmodules:\n  - path: proto\n${yaml}` },
      { "proto/buf.yaml": `version: v1\n${yaml}` },
    ]) {
      const project = new Project({ "proto/test/v1/a.proto": text, ...files });
      const { printed } = await project.run("lint");
      expect(printed).toEqual([
        'proto/test/v1/a.proto:11:9: MESSAGE_PASCAL_CASE: Message name "bad" should be PascalCase, such as "Bad".',
        "1 found in 1 file",
      ]);
    }
  });

  test("goes with a buf.yaml that has other modules, and wants one for the folder that it is given", async () => {
    const buf = (...paths: readonly string[]): string =>
      `version: v2\nmodules:\n${paths.join("\n")}\nlint:\n  use:\n    - MESSAGE_PASCAL_CASE\n`;
    const bad = clean("message bad {", "  int32 id = 1;", "}");
    const project = new Project({
      "proto/test/v1/a.proto": bad,
      "tools/tools/v1/b.proto": bad.replaceAll("test.v1", "tools.v1"),
      "buf.yaml": buf("  - path: proto", "  - name: buf.build/a/b", '    path: "./tools/" # and more'),
    });
    const found = (path: string): string =>
      `${path}:11:9: MESSAGE_PASCAL_CASE: Message name "bad" should be PascalCase, such as "Bad".`;
    const [a, b] = [found("proto/test/v1/a.proto"), found("tools/tools/v1/b.proto")];
    expect((await project.run("lint")).printed).toEqual([a, "1 found in 1 file"]);
    expect((await project.run("lint", "--proto", "tools")).printed).toEqual([b, "1 found in 1 file"]);
    expect((await project.run("lint", "--proto", "proto", "--proto", "tools")).printed).toEqual([
      a,
      b,
      "2 found in 2 files",
    ]);
    project.write({ "buf.yaml": buf("  - path: proto") });
    expect(await project.run("lint", "--proto", "tools")).toEqual({
      exitCode: 1,
      printed: [],
      errors: [
        "buf.yaml has no module for tools, so buf's rules would not see it: add `- path: tools` to its modules",
        "nothing was written",
      ],
    });
    project.write({ "buf.yaml": buf("  - path: proto", "  - path: gone") });
    expect((await project.run("lint")).errors[0]).toMatch(/^buf could not lint the \.proto files: .*gone/);
  });

  test("tells what is wrong with a buf.yaml, with the .proto files, and with the configuration", async () => {
    const project = new Project({ "proto/test/v1/a.proto": clean(), "buf.yaml": "version: v9\n" });
    const wrong = await project.run("lint");
    expect(wrong.exitCode).toBe(1);
    expect(wrong.errors[0]).toMatch(/^buf could not lint the \.proto files: .*v9/);
    expect(await found(clean("message A { Missing b = 1; }"))).toEqual([expect.stringMatching(/^11:13: /)]);
    expect(await found(clean().replace("(Asked)", "(stream Asked)"))).toEqual([
      expect.stringMatching(/^13:11: .*streaming/),
    ]);
    expect(await found(clean(), { lint: { ignroe: [], ignore: [1] } })).toEqual([
      'nanowire.config.json:1:10: there is no key "ignroe" in "lint"; did you mean ignore? (known: ignore)',
      'nanowire.config.json:1:31: "lint.ignore" is not a list of rules: ["RULE", "RULE proto/folder"]',
    ]);
  });

  test("names the flag that a mistyped one may have meant", async () => {
    const { errors, exitCode } = await new Project({}).run("lint", "--porto", "x");
    expect(exitCode).toBe(1);
    expect(errors[0]).toBe("there is no flag --porto; did you mean --proto? (nanowire lint --help lists them)");
    expect((await new Project({}).run("lint", "--help")).printed.join("\n")).toContain("PUSH_UNBOUNDED");
  });
});

describe("docs/lint.md", () => {
  const page = readFileSync(fileURLToPath(new URL("../../docs/lint.md", import.meta.url)), "utf8");

  test("says of every rule what the code says", () => {
    const rows = [...page.matchAll(/^\| `([A-Z_]+)` +\| (.*?) +\| (.*?) +\|$/gm)].map(
      ([, rule = "", why = "", instead = ""]) => [rule, { why, instead }],
    );
    expect(Object.fromEntries(rows)).toEqual(lintRules);
  });

  test("says what is taken as usual, and which of buf's rules are left out", () => {
    expect(page).toContain(`${mtuBytes.toLocaleString("en")} bytes`);
    for (const number of [usual.items, usual.stringBytes, usual.bytesBytes, headerBytes]) {
      expect(page).toMatch(new RegExp(`\\b${number}\\b`));
    }
    expect(defaultExceptions.filter((rule) => !page.includes(rule))).toEqual([]);
  });
});
