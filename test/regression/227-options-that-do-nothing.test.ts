// pitaya: its page of settings names keys that the code does not read, and defaults that are others; who follows it changes
// nothing, and is not told. (docs/configuration.rst, pkg/config/config.go)

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { optionKinds, resolveOptions } from "../../runtime/server/options.js";
import { createServer } from "../../runtime/server/server.js";
import { memory } from "../../runtime/transport/memory.js";

const page = readFileSync(new URL("../../docs/server.md", import.meta.url), "utf8");
const section = page.slice(page.indexOf("## Options of `createServer`"), page.indexOf("`server.start()` calls"));
const rows = [...section.matchAll(/^\| `(\w+)` \|(.*)\|$/gm)].map(([, name = "", rest = ""]) => ({
  name,
  shown: rest.split("|").at(-2)?.trim() ?? "",
}));
const resolved: Readonly<Record<string, unknown>> = resolveOptions({ components: [], listen: [memory()] });

it("the page has every option, and no other", () => {
  const known = Object.keys(optionKinds);
  expect(known.length).toBeGreaterThan(20);
  expect(rows.map(({ name }) => name).sort()).toEqual([...known].sort());
});

it("the defaults that the page shows are the code's", () => {
  const numbers = rows.filter(({ name }) => typeof resolved[name] === "number" && name !== "nodeId");
  expect(numbers.length).toBeGreaterThan(12);
  for (const { name, shown } of numbers) {
    expect([name, Number.parseInt(shown.replaceAll(",", ""), 10)]).toEqual([name, resolved[name]]);
  }
});

it("an option that there is not is an error, with the names that there are", () => {
  const slip = { components: [], listen: [memory()], heartbeatMs: 5 };
  expect(() => createServer(slip)).toThrow(
    /^there is no option heartbeatMs; there are components, .*heartbeatIntervalMs/,
  );
});
