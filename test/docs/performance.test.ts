import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";

/** After a new report, `UPDATE_PERFORMANCE=1 npx vitest run test/docs/performance.test.ts` writes its figures into the page. */
const isUpdating = process.env["UPDATE_PERFORMANCE"] !== undefined;
const page = new URL("../../docs/performance.md", import.meta.url);
const results = readFileSync(new URL("../../bench/RESULTS.md", import.meta.url), "utf8");

/** The row of a case, as RESULTS.md has it: its yardstick, both sides' CPU, and the ratio. */
function rowOf(name: string): string {
  const block = results.slice(results.indexOf(`\n${name}: `)).split("\n\n")[0] ?? "";
  const side = /^ {2}(\S.*?) +([\d.]+) +[\d,]+ .* ([\d.]+)$/gm;
  const [yardstick = [], nanowire = []] = [...block.matchAll(side)];
  expect([name, nanowire[1]]).toEqual([name, "nanowire"]);
  return `| \`${name}\` | ${yardstick[1]} | ${yardstick[2]} | ${nanowire[2]} | ${nanowire[3]} |`;
}

const tableRow = /^\| `([\w./-]+)` \|.*\|$/gm;

test("docs/performance.md has the figures of bench/RESULTS.md, and no others", () => {
  const text = readFileSync(page, "utf8");
  const held = text.replace(tableRow, (_, name: string) => rowOf(name));
  if (isUpdating) {
    writeFileSync(page, held);
  }
  const shown = readFileSync(page, "utf8");
  expect([...shown.matchAll(tableRow)].length).toBeGreaterThan(15);
  expect(shown).toBe(held);
  // Besides the tables there are none but the 1 of "as good", and what stands in names and code.
  const prose = shown.replaceAll(tableRow, "").replaceAll(/`[^`]*`|\]\([^)]*\)|decision \d+/g, "");
  expect(prose.match(/\d[\d.,]*/g)).toEqual(["1"]);
});
