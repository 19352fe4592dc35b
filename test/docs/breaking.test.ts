import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ownRules, wireRules } from "../../generator/model/breaking-rules.js";

/** The rows of the tables in docs/breaking.md that tell of a rule. */
const rows = readFileSync(new URL("../../docs/breaking.md", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => /^\| `[A-Z_]+`/.test(line))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

/** When buf is asked a rule: two rules have a stricter twin for JSON. */
function asked(name: string, jsonOnly: boolean): string {
  return jsonOnly ? "with JSON" : name.startsWith("FIELD_WIRE_COMPATIBLE_") ? "without JSON" : "always";
}

describe("docs/breaking.md", () => {
  it("shows every rule of nanowire's own with its severity and meaning, in the order of the code", () => {
    expect(rows.filter((cells) => cells.length === 3)).toEqual(
      Object.entries(ownRules).map(([name, { severity, meaning }]) => [`\`${name}\``, severity, meaning]),
    );
  });

  it("shows every rule of buf's that is asked, and what to do", () => {
    expect(rows.filter((cells) => cells.length === 4)).toEqual(
      Object.entries(wireRules).map(([name, { jsonOnly, meaning, advice }]) => [
        `\`${name}\``,
        asked(name, jsonOnly),
        meaning,
        advice,
      ]),
    );
  });
});
