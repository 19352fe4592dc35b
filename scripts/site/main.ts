// What `npm run docs` and `npm run docs:build` run: builds the site of docs/ into docs/.site; with --serve it serves it, too.

import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildSite } from "./build-site.js";
import { serveSite } from "./serve-site.js";

const { values } = parseArgs({
  options: { serve: { type: "boolean", default: false }, port: { type: "string", default: "4400" } },
});
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  throw new RangeError(`--port ${values.port} is not a port: 0 to 65535`);
}

// From dist/scripts/site.
const root = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");
const folder = `${root}/docs/.site`;
const { pages, lost, external, files } = await buildSite(root, folder);
for (const { page, target, problem } of lost) {
  console.error(`${page}: ${target}: ${problem}`);
}
if (lost.length > 0) {
  process.exitCode = 1;
}
console.log(
  `${pages.size} pages in docs/.site; ${external.size} links out of it, listed in docs/.site/external-links.txt`,
);
if (values.serve) {
  const server = await serveSite(folder, files, port);
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}
