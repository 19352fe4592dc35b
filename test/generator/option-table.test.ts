import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { defaultChoices } from "../../generator/model/choices.js";
import {
  choose,
  flagUsage,
  keyOf,
  type OptionName,
  optionsAt,
  optionTable,
  rowOf,
} from "../../generator/read/option-table.js";

const names = Object.keys(optionTable) as OptionName[];
/** Those that protobuf-es has too. */
const standard = ["target", "import_extension", "ts_nocheck"];

/** A row of the table in docs/generator.md, as the option's own row has it. */
function documented(name: OptionName): string[] {
  const { places, default: fallback, doc } = rowOf(name);
  const code = (text: string): string => `\`${text.replaceAll("|", "\\|")}\``;
  const fits = (place: (typeof places)[number], text: string): string => (places.includes(place) ? code(text) : "");
  return [fits("flag", flagUsage(name)), fits("key", keyOf(name)), fits("parameter", name), fallback ?? "", doc];
}

describe("the table of options", () => {
  test("is the one that docs/generator.md shows", () => {
    const docs = readFileSync(new URL("../../docs/generator.md", import.meta.url), "utf8");
    const section = docs.slice(docs.indexOf("## Options"));
    const rows = section
      .slice(0, section.indexOf("\n## ", 1))
      .split("\n")
      .filter((line) => line.startsWith("|"))
      .slice(2)
      .map((line) =>
        line
          .split(/(?<!\\)\|/)
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    expect(rows).toEqual(names.filter((name) => name !== "help").map(documented));
  });

  test("has few of our own", () => {
    const settings = names.filter((name) => rowOf(name).kind !== "act" && !standard.includes(name));
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
    expect(told.length).toBe(5);
  });

  test("tells what can be given where", () => {
    expect(optionsAt("flag")).not.toContain("removed");
    expect(optionsAt("parameter")).not.toContain("out");
    expect(optionsAt("key").filter((name) => rowOf(name).kind === "act")).toEqual([]);
  });
});
