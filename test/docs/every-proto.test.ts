import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Project as Sources, SyntaxKind } from "ts-morph";
import { describe, expect, test } from "vitest";
import { Project } from "../generator/support/project.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(`${root}/docs/every-proto.md`, "utf8");
const refused = page.slice(page.indexOf("## What is refused"));

/** Each ```proto block, and the errors that follow it. */
const examples = [...refused.matchAll(/```proto\n([\s\S]*?)```\n((?:\n> [^\n]*\n)+)/g)].map(
  ([, text = "", quotes = ""]) => ({ text, errors: errorsIn(quotes) }),
);
const documented = errorsIn(refused);

function errorsIn(text: string): string[] {
  return [...text.matchAll(/^> (.*)$/gm)].map(([, line = ""]) => line.replaceAll("\\_", "_"));
}

/** The files that refuse what cannot be generated of messages; services and routes have their own list in docs/generator.md. */
const checks = ["messages", "member-checks", "encoding-checks", "json-checks"];

/** Every `message:` of a problem in the code, as a pattern. */
const patterns = checks.flatMap((name) => {
  const file = new Sources({ compilerOptions: { allowJs: false } }).addSourceFileAtPath(
    `${root}/generator/model/${name}.ts`,
  );
  return file
    .getDescendantsOfKind(SyntaxKind.PropertyAssignment)
    .filter((property) => property.getName() === "message" && /^["`]/.test(property.getInitializerOrThrow().getText()))
    .map((property) => {
      const text = property.getInitializerOrThrow().getText().slice(1, -1).replaceAll("\\`", "`");
      return text.split(/\$\{(?:[^{}]|\{[^{}]*\})*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    })
    .map((parts) => new RegExp(`: ${parts.join("[^\\n]+")}$`));
});

describe("what docs/every-proto.md says is refused", () => {
  test("is a list of more than a few", () => {
    expect(examples.length).toBeGreaterThan(10);
    expect(patterns.length).toBeGreaterThan(12);
  });

  test.each(examples)("$errors.0", async ({ text, errors }) => {
    const project = new Project({
      "a.proto": text,
      "other.proto": 'syntax = "proto3";\npackage other;\nmessage User {}\n',
    });
    expect(await project.errors("--proto", ".")).toEqual(errors);
  });

  test("is all that the code refuses of messages", () => {
    const missing = patterns.filter((pattern) => !documented.some((line) => pattern.test(line)));
    expect(missing).toEqual([]);
    const unknown = documented.filter((line) => !patterns.some((pattern) => pattern.test(line)));
    expect(unknown).toEqual([]);
  });

  test("names scenarios that there are", () => {
    const table = page.slice(page.indexOf("## What is generated"), page.indexOf("## What is lost"));
    const rows = [...table.matchAll(/^\| [^\n]*?\|([^|\n]*)\|[^\n]*\|$/gm)].slice(2);
    const names = rows.flatMap(([, cell = ""]) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
    expect(names.length).toBeGreaterThan(15);
    expect(names.filter((name) => !existsSync(`${root}/test/generator/scenarios/${name}/expected`))).toEqual([]);
  });
});
