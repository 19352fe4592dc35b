import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { recordType } from "../../runtime/cluster/records.js";

test("docs/cluster-protocol.md has every record, with its number", () => {
  const text = readFileSync(new URL("../../docs/cluster-protocol.md", import.meta.url), "utf8");
  const rows = [...text.matchAll(/^\| (\d+) \| `(\w+)` \|/gm)].map(([, number, name]) => [name, Number(number)]);
  expect(Object.fromEntries(rows)).toEqual(recordType);
  expect(rows).toHaveLength(Object.keys(recordType).length);
});
