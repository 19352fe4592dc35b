import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** The scenarios that pages show code of, by the first folder of what is generated: the rest is the project's own chat. */
const scenarios: Readonly<Record<string, string>> = {
  arena: "policies",
  bank: "ledger",
  counter: "counter",
  post: "jobs",
};

/** Where what a page imports really lies: `../generated/bank/v1/ledger.js`. */
export function generatedFile(path: string): string {
  const [, first = ""] = /^\.\.\/generated\/([^/]+)\//.exec(path) ?? [];
  const scenario = scenarios[first];
  const folder = scenario === undefined ? "" : `test/generator/scenarios/${scenario}/expected/`;
  return `${root}${folder}${path.slice("../".length)}`;
}
