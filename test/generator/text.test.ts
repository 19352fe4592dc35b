import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { didYouMean } from "../../generator/near.js";
import { indentCode } from "../../generator/print/indent.js";
import { packTar } from "../../generator/read/tar.js";
import { listFiles, temporaryFolder } from "./support/project.js";

describe("indenting", () => {
  test.each([
    ["a block", "if (a) {\nb();\n      c();\n  }\n", "if (a) {\n  b();\n  c();\n}\n"],
    ["brackets that open together count once", "f(a, {\nb: 1,\n});\n", "f(a, {\n  b: 1,\n});\n"],
    [
      "a bracket that closes and opens again",
      "if (a) {\nb();\n} else {\nc();\n}\n",
      "if (a) {\n  b();\n} else {\n  c();\n}\n",
    ],
    ["brackets in strings", "f('{', \"(\", `[`);\ng();\n", "f('{', \"(\", `[`);\ng();\n"],
    ["quotes that are escaped", "f('\\'{');\ng();\n", "f('\\'{');\ng();\n"],
    ["brackets in comments", "// {\n/* ( */ f();\ng();\n", "// {\n/* ( */ f();\ng();\n"],
    ["brackets in regular expressions", "const a = /[/({]/g;\nb();\n", "const a = /[/({]/g;\nb();\n"],
    ["a division", "const a = b / (c\n/ d);\ne();\n", "const a = b / (c\n  / d);\ne();\n"],
    [
      "comments of several lines",
      "a {\n/**\n* One {\n* Two.\n*/\nb\n}\n",
      "a {\n  /**\n   * One {\n   * Two.\n   */\n  b\n}\n",
    ],
    ["empty lines: one of several, none at the ends", "\n\na;\n\n   \n\nb;\n\n", "a;\n\nb;\n"],
    ["brackets that nothing opened", "}\n)\na;\n", "}\n)\na;\n"],
    ["a string that never ends", "a = 'b;\nc;\n", "a = 'b;\nc;\n"],
  ])("%s", (_, code, indented) => {
    expect(indentCode(code)).toBe(indented);
    expect(indentCode(indented)).toBe(indented);
  });

  test("changes nothing but space", () => {
    const code = "export const a = {\n  b: `x\ny`, // {\n c: /\\//.test('(') ? [1,\n2] : {} };\n";
    expect(indentCode(code).replace(/\s+/g, "")).toBe(code.replace(/\s+/g, ""));
  });

  test("leaves a text of several lines as it is", () => {
    const code = "a(`x\n      y\n`);\n";
    expect(indentCode(code)).toBe(code);
  });
});

describe("an archive", () => {
  test("is read by tar: long names, names of other scripts, empty and full blocks", () => {
    const files = new Map([
      ["a.proto", "a"],
      ["empty.proto", ""],
      ["full.proto", "x".repeat(512)],
      ["more.proto", "y".repeat(513)],
      ["комната/室.proto", "z"],
      [`${"long/".repeat(40)}name.proto`, "long"],
      [`${"n".repeat(100)}`, "100"],
      [`${"n".repeat(101)}`, "101"],
    ]);
    const folder = temporaryFolder();
    const input = packTar([...files].map(([name, text]) => ({ name, bytes: new TextEncoder().encode(text) })));
    expect(input.length % 512).toBe(0);
    const { status } = spawnSync("tar", ["-xf", "-", "-C", folder], { input });
    expect(status).toBe(0);
    expect(listFiles(folder)).toEqual([...files.keys()].sort());
    for (const [name, text] of files) {
      expect(readFileSync(join(folder, name), "utf8"), name).toBe(text);
    }
  });
});

describe("a mistyped name", () => {
  test.each([
    ["--chekc", ["--check", "--proto"], "; did you mean --check?"],
    ["OUT", ["out", "lock"], "; did you mean out?"],
    ["jsn", ["json", "lock"], "; did you mean json?"],
    ["entirely", ["json", "lock"], ""],
    ["", ["json"], ""],
  ])("%s", (name, known, expected) => {
    expect(didYouMean(name, known)).toBe(expected);
  });
});
