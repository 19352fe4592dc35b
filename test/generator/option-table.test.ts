import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { defaultChoices } from "../../generator/model/choices.js";
import {
  choose,
  docsTable,
  flagUsage,
  initTable,
  keyOf,
  type OptionName,
  type OptionRow,
  optionsAt,
  optionTable,
  rowOf,
} from "../../generator/read/option-table.js";

const names = Object.keys(optionTable) as OptionName[];
/** Those that protobuf-es has too, or ts-proto. */
const standard = ["target", "import_extension", "ts_nocheck", "unknown_fields"];

/** A row of the table in docs/generator.md, as the option's own row has it. */
function documented(name: OptionName): string[] {
  const { places, default: fallback, doc } = rowOf(name);
  const code = (text: string): string => `\`${text.replaceAll("|", "\\|")}\``;
  const fits = (place: (typeof places)[number], text: string): string => (places.includes(place) ? code(text) : "");
  return [
    fits("flag", flagUsage(name, rowOf(name))),
    fits("key", keyOf(name)),
    fits("parameter", name),
    fallback ?? "",
    doc,
  ];
}

/** The cells of the last table below a heading of a page. */
function readTable(page: string, heading: string): string[][] {
  const docs = readFileSync(new URL(`../../docs/${page}`, import.meta.url), "utf8");
  const section = docs.slice(docs.indexOf(heading));
  const end = section.indexOf("\n## ", 1);
  const [table = ""] = section.slice(0, end < 0 ? undefined : end).match(/(?:^\|.*\n)+(?![\s\S]*^\|)/m) ?? [];
  return table
    .trim()
    .split("\n")
    .slice(2)
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

describe("the table of options", () => {
  test("is the one that docs/generator.md shows", () => {
    expect(readTable("generator.md", "## Options")).toEqual(names.filter((name) => name !== "help").map(documented));
  });

  test("of nanowire docs is the one that docs/tools.md shows, but for what generate has too", () => {
    const rows: [string, OptionRow][] = Object.entries(docsTable);
    const own = rows.filter(([name]) => !["proto", "lock", "help"].includes(name));
    expect(readTable("tools.md", "## `nanowire docs`")).toEqual(
      own.map(([name, row]) => [`\`${flagUsage(name, row)}\``, row.default ?? "", row.doc]),
    );
  });

  test("of nanowire init is the one that docs/project.md shows", () => {
    const rows: [string, OptionRow][] = Object.entries(initTable);
    expect(readTable("project.md", "## nanowire init")).toEqual(
      rows
        .filter(([name]) => name !== "help")
        .map(([name, row]) => [`\`${flagUsage(name, row)}\``, row.default ?? "", row.doc]),
    );
  });

  test("has few of our own for what is generated", () => {
    const ofGenerating = (name: OptionName): boolean => rowOf(name).places.some((place) => place !== "key");
    const settings = names.filter(
      (name) => rowOf(name).kind !== "act" && !standard.includes(name) && ofGenerating(name),
    );
    expect(settings.length).toBeLessThan(10);
    expect(names).toEqual(expect.arrayContaining(standard));
  });

  test("has a default among its values for every choice, and those that hold when nothing is said", () => {
    const choices = names.filter((name) => rowOf(name).kind === "choice");
    expect(choices.length).toBeGreaterThan(3);
    for (const name of choices) {
      expect(rowOf(name).values, name).toContain(rowOf(name).default);
    }
    expect(choose()).toEqual(defaultChoices);
    const told = Object.entries(defaultChoices).map(([key, value]) => [key, String(value)]);
    const rows = names.map((name) => [keyOf(name), rowOf(name).default]);
    expect(rows).toEqual(expect.arrayContaining(told));
    expect(told.length).toBe(6);
  });

  test("tells what can be given where", () => {
    expect(optionsAt("flag")).not.toContain("removed");
    expect(optionsAt("parameter")).not.toContain("out");
    expect(optionsAt("key").filter((name) => rowOf(name).kind === "act")).toEqual([]);
  });
});
