import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { runNanowire } from "../../generator/commands.js";
import { codeBlocks, markdownPages, root } from "./support/markdown-pages.js";

/*
 * Blocks of code are run, or read by whoever would read them: TypeScript by code.test.ts and the tests of each page, the README's by
 * test/package/tour.test.ts; here are the others.
 */

const pages = markdownPages();
const blocks = [...pages].flatMap(([page, text]) => codeBlocks(page, text));
const of = (...languages: string[]) => blocks.filter(({ language }) => languages.includes(language));

/** A language → the words by which a test of the page finds its blocks. */
const readByPages: Readonly<Record<string, string>> = {
  conf: "```conf",
  dockerfile: "dockerfile",
  hbs: "docs/model.md",
  ini: "ini",
  nginx: "nginx",
};

describe("the blocks of all pages", () => {
  test("are in a language that somebody reads", () => {
    const here = ["none", "json", "proto", "sh", "text", "ts", "yaml"];
    const others = blocks.filter(({ language }) => !here.includes(language));
    expect(others.filter(({ language }) => readByPages[language] === undefined)).toEqual([]);
    const tests = ["docs", "generator"].flatMap((folder) =>
      readdirSync(`${root}test/${folder}`)
        .filter((name) => name.endsWith(".test.ts") && name !== "blocks.test.ts")
        .map((name) => readFileSync(`${root}test/${folder}/${name}`, "utf8")),
    );
    const unread = others.filter(
      ({ page, language }) => !tests.some((text) => text.includes(page) && text.includes(readByPages[language] ?? "")),
    );
    expect(unread.map(({ place }) => place)).toEqual([]);
  });

  test("JSON can be parsed, whole or line by line", () => {
    expect(of("json").length).toBeGreaterThan(5);
    const wrong = of("json").filter(({ code }) => !isJson(code) && !code.trim().split("\n").every(isJson));
    expect(wrong).toEqual([]);
  });

  test("YAML can be parsed", () => {
    expect(of("yaml").length).toBeGreaterThan(2);
    const wrong = of("yaml").flatMap(({ place, code }) =>
      parseAllDocuments(code).flatMap(({ errors }) => errors.map(({ message }) => `${place}: ${message}`)),
    );
    expect(wrong).toEqual([]);
  });

  test("shell scripts can be parsed", () => {
    const script = of("sh").map(({ code }) => code);
    expect(script.length).toBeGreaterThan(10);
    expect(execFileSync("bash", ["-n"], { input: script.join("\n"), encoding: "utf8" })).toBe("");
  });

  test(".proto files compile, with what a piece of one leaves away", () => {
    const folder = mkdtempSync(join(tmpdir(), "docs-protos-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    cpSync(`${root}proto/nanowire`, `${folder}/nanowire`, { recursive: true });
    const read = of("proto").filter(({ page }) => page !== "docs/every-proto.md" && page !== "docs/pipelines.md");
    expect(read.length).toBeGreaterThan(8);
    for (const [index, { code }] of read.entries()) {
      mkdirSync(`${folder}/block${index}`);
      writeFileSync(`${folder}/block${index}/block.proto`, wholeProto(code, index));
    }
    expect(execFileSync(`${root}node_modules/.bin/buf`, ["build"], { cwd: folder, encoding: "utf8" })).toBe("");
  });

  test("the message with rules is the one that is generated in a test", () => {
    const [block] = of("proto").filter(({ page }) => page === "docs/pipelines.md");
    const fields = (block?.code ?? "").match(/^ {2}.*;$/gm) ?? [];
    expect(fields).toHaveLength(2);
    const bare = (text: string) => text.replaceAll(/[\s,]/g, "");
    const shop = bare(readFileSync(`${root}test/validate/shop/proto/shop/v1/shop.proto`, "utf8"));
    expect(fields.filter((field) => !shop.includes(bare(field)))).toEqual([]);
  });
});

describe("the commands of all pages", () => {
  const lines = [
    ...of("sh", "none").flatMap(({ place, code }) => code.split("\n").map((line) => ({ place, line }))),
    ...[...pages].flatMap(([page, text]) =>
      [...text.matchAll(/`((?:npx |npm run )[^`\n]+|nanowire [a-z][^`\n]*)`/g)].map(([, line = ""]) => ({
        place: page,
        line,
      })),
    ),
  ].flatMap(({ place, line }) => commandsOf(line).map((words) => ({ place, words })));

  test("of nanowire are taken by its parser of arguments", async () => {
    const asked = new Map<string, { place: string; args: string[] }>();
    for (const { place, words } of lines) {
      const [name, ...args] = words[0] === "npx" ? words.slice(1).filter((word) => word !== "--no-install") : words;
      if (name === "nanowire" && args.length > 0) {
        asked.set(args.join(" "), { place, args });
      }
    }
    expect(asked.size).toBeGreaterThan(30);
    const refused: string[] = [];
    for (const [command, { place, args }] of asked) {
      const errors: string[] = [];
      const context = { directory: "/nowhere", print: () => {}, printError: (line: string) => void errors.push(line) };
      // With --help at the end every argument is read, and nothing else is done.
      const code = await runNanowire([...args, "--help"], context);
      refused.push(...(code === 0 ? [] : [`${place}: nanowire ${command}: ${errors.join("; ")}`]));
    }
    expect(refused).toEqual([]);
  });

  test("of npm are scripts that there are", () => {
    const scripts = ["package.json", "generator/scaffold/project/package.json.txt"].flatMap((file) =>
      [...readFileSync(root + file, "utf8").matchAll(/^ {4}"([\w:-]+)": "/gm)].map(([, name]) => name),
    );
    const asked = lines.filter(({ words }) => words[0] === "npm" && words[1] === "run");
    expect(asked.length).toBeGreaterThan(30);
    const unknown = asked.filter(
      ({ words }) => !scripts.includes(words.slice(2).find((word) => !word.startsWith("-"))),
    );
    expect(unknown).toEqual([]);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The commands of a line, each as its words; none of what is no command, or has a place for something else in it. */
function commandsOf(line: string): string[][] {
  return line
    .replace(/(^|\s)#.*$|\s{3,}.*$/, "")
    .split(/&&|\|(?=[^|])/)
    .map((command) => [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? ""))
    .filter((words) => words.every((word) => !/[<>…]/.test(word)));
}

/** A file of a piece, of its beginning or its middle: with its head and its end, and with an empty message for each that stands elsewhere. */
function wholeProto(code: string, index: number): string {
  const open = code.split("{").length - code.split("}").length;
  const body = (/^rpc /.test(code) ? `service Piece {\n${code}}\n` : code) + "}\n".repeat(open);
  const declared = new Set([...body.matchAll(/\b(?:message|enum|service) (\w+)/g)].map(([, name]) => name));
  const used = [...body.matchAll(/(?:rpc \w+ ?\(|returns \(|^ {2}(?:repeated )?)([A-Z]\w*)\b(?!\()/gm)].map(
    ([, name = ""]) => name,
  );
  const missing = [...new Set(used)].filter((name) => !declared.has(name));
  const head = /^syntax/m.test(body)
    ? ""
    : 'syntax = "proto3";\nimport "google/protobuf/empty.proto";\nimport "nanowire/options.proto";\n';
  // Blocks of one package declare the same names.
  const apart = /^package /m.test(body) ? body.replace(/^package .*;$/m, `package block${index};`) : body;
  const packaged = /^package /m.test(body) ? "" : `package block${index};\n`;
  const rest = missing.map((name) => `message ${name} {}\n`).join("");
  return head === "" ? apart + rest : head + packaged + apart + rest;
}
