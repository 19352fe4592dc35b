// What `npm run api` runs: writes docs/api from the doc comments of what the package exports.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { printApi } from "./print-api.js";
import { readApi } from "./read-api.js";

// From dist/scripts/api.
const root = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");
const folder = `${root}/docs/api`;
const pages = printApi(readApi(root));

mkdirSync(folder, { recursive: true });
for (const { file, text } of pages) {
  writeFileSync(`${folder}/${file}`, text);
}
for (const file of readdirSync(folder).filter((name) => !pages.some((page) => page.file === name))) {
  rmSync(`${folder}/${file}`);
}
