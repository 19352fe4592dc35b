import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const folder = fileURLToPath(new URL("../regression/", import.meta.url));
const readme = readFileSync(`${folder}README.md`, "utf8");
const files = readdirSync(folder).filter((name) => name !== "README.md");

/** The rows of the tables under a heading, the first one's being none. */
function rowsOf(heading: string): string[][] {
  const section = readme.split(/^## /m).find((text) => text.startsWith(heading)) ?? "";
  return section
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .slice(1)
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const rows = rowsOf("# What went wrong before");
const elsewhere = rowsOf("Held by tests that are elsewhere");
const impossible = rowsOf("What cannot happen here");

describe("test/regression/README.md", () => {
  test("has each file of the folder once, in their order, by its number", () => {
    expect(files.length).toBeGreaterThan(50);
    expect(rows.map(([, , link]) => link)).toEqual(files.map((name) => `[${name.slice(0, 3)}](${name})`));
  });

  test("says of each what the bug is, and whose", () => {
    const peers = /^(ours|nano|pitaya|libpitaya|pomelo|pinus|colyseus|JavaScript|ts-proto)/;
    const all = [...rows, ...elsewhere, ...impossible];
    expect(all.filter((cells) => cells.length !== 3 || cells.some((cell) => cell === ""))).toEqual([]);
    expect(all.map(([, whose = ""]) => whose).filter((whose) => !peers.test(whose))).toEqual([]);
  });

  test("names tests that there are, where they are not in the folder", () => {
    expect(elsewhere.length).toBeGreaterThan(10);
    const links = elsewhere.map(([, , cell = ""]) =>
      [...cell.matchAll(/\]\(([^)]+)\)/g)].map(([, path]) => path ?? ""),
    );
    expect(links.filter((paths) => paths.length === 0)).toEqual([]);
    expect(links.flat().filter((path) => !existsSync(`${folder}${path}`))).toEqual([]);
  });
});

describe("a regression test", () => {
  test.each(files)("%s says what went wrong, and is called by it", (name) => {
    expect(name).toMatch(/^\d{3}-[a-z0-9]+(-[a-z0-9]+)+\.test\.ts$/);
    expect(readFileSync(`${folder}${name}`, "utf8")).toMatch(/^\/\/ \S.{20,}/m);
  });

  test("has a number of its own", () => {
    const numbers = files.map((name) => name.slice(0, 3));
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});
