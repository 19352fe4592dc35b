import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { errorCodes } from "../../runtime/base/error.js";

/** The cells of the table in docs/errors.md, without its head. */
const rows = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("|"))
  .slice(2)
  .map((line) => line.split("|").map((cell) => cell.trim()));

describe("docs/errors.md", () => {
  it("shows every code with its scope and meaning, in the order of runtime/base/error.ts", () => {
    expect(rows.map(([, code, scope, meaning]) => [code, scope, meaning])).toEqual(
      Object.entries(errorCodes).map(([code, [scope, meaning]]) => [`\`${code}\``, scope, meaning]),
    );
  });

  it("says for every code what to do", () => {
    expect(rows.filter((cells) => cells.length !== 6 || !/^.{20,}[.!]$/.test(cells[4] ?? ""))).toEqual([]);
  });
});
