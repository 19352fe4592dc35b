// What `npm run docs` and `npm run docs:build` run: builds the site of docs/ into docs/.site; with --serve it serves it, too.

import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildSite } from "./build-site.js";
import { serveSite } from "./serve-site.js";

const usage = "Usage: npm run docs [-- --port PORT]; npm run docs:build";

// From dist/scripts/site.
const root = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");
const folder = `${root}/docs/.site`;

try {
  const { isServed, port } = readArguments();
  const { pages, lost, external, files } = await buildSite(root, folder);
  for (const { page, target, problem } of lost) {
    console.error(`${page}: ${target}: ${problem}`);
    process.exitCode = 1;
  }
  console.log(`${pages.size} pages in docs/.site; ${external.size} links out of it, in docs/.site/external-links.txt`);
  if (isServed) {
    const server = await serveSite(folder, files, port);
    console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

function readArguments(): { isServed: boolean; port: number } {
  const { values } = parseArgs({
    options: { serve: { type: "boolean", default: false }, port: { type: "string", default: "4400" } },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`--port ${values.port} is not a port, 0 to 65535\n${usage}`);
  }
  return { isServed: values.serve, port };
}
