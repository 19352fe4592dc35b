import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { text as textOf } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RoomClient } from "../../generated/chat/v1/room.client.js";
import { resolveUpConfig, type UpConfig } from "../../runtime/up/up-config.js";
import { client, freePort, start } from "../up/support/processes.js";
import { expectNumbers } from "./support/option-table.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = "docs/up.md";
const text = readFileSync(root + page, "utf8");
// Inside the project, so that its packages are found; git ignores it.
const folder = `${root}node_modules/.docs-up-${process.pid}`;
const ports = { gate: 0, master: 0 };

/** The page's programs, as they are when they are compiled. */
beforeAll(async () => {
  ports.gate = await freePort();
  ports.master = await freePort();
  mkdirSync(`${folder}/src`, { recursive: true });
  writeFileSync(`${folder}/package.json`, '{ "type": "module" }');
  const blocks = [...text.matchAll(/^```ts\n\/\/ ([\w-]+)\.ts\n([\s\S]*?)^```$/gm)];
  for (const [, name = "", code = ""] of blocks) {
    const placed = code
      .replaceAll('"../generated/', `"${root}generated/`)
      .replaceAll("127.0.0.1:7000", `127.0.0.1:${ports.master}`)
      .replaceAll('"dist/src"', JSON.stringify(`${folder}/dist/src`));
    writeFileSync(`${folder}/src/${name}.ts`, placed);
  }
  await build({
    entryPoints: blocks.map(([, name = ""]) => `${folder}/src/${name}.ts`),
    outdir: `${folder}/dist/src`,
    alias: {
      "nanowire/grpc": `${root}runtime/cluster/grpc/index.ts`,
      "nanowire/up": `${root}runtime/up/index.ts`,
      "nanowire/wire": `${root}runtime/protocol/wire/index.ts`,
      "nanowire/json": `${root}runtime/protocol/json/index.ts`,
      nanowire: `${root}runtime/index.ts`,
    },
    bundle: true,
    format: "esm",
    platform: "node",
    external: ["ws", "@grpc/*", "@bufbuild/*"],
    logLevel: "silent",
  });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the file starts a cluster: a client of any gate is answered by a room", async () => {
  const [, json = ""] = /^```json\n([\s\S]*?)^```$/m.exec(text) ?? [];
  const config = JSON.parse(json.replace('"cores"', "2").replace("3250", String(ports.gate))) as UpConfig;
  const { up, events } = start(config, { directory: folder });
  expect(await up.started).toBe(true);
  expect(up.processes.map(({ node }) => node)).toEqual(["master-1", "room-1", "room-2", "gate-1", "gate-2"]);
  for (const name of ["ada", "bob", "eve"]) {
    const connection = await client(ports.gate);
    const { members } = await new RoomClient(connection).join({ name });
    expect(members).toContain(name);
    await connection.close();
  }
  await up.stop();
  expect(await up.finished).toMatchObject({ orderly: true });
  expect(events.filter(({ type }) => type === "crashed")).toEqual([]);
});

test("the function does the same in a program", async () => {
  const child = spawn(process.execPath, [`${folder}/dist/src/all.js`], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = (await textOf(child.stdout)).trim().split("\n");
  expect(lines).toContain("all are ready");
  expect(lines.filter((line) => line.startsWith("ready "))).toEqual([
    "ready master-1",
    "ready room-1",
    "ready master-1",
    "ready room-2",
  ]);
  expect(lines.at(-1)).toBe("state stopped");
});

test("the numbers have the defaults and limits that are told", () => {
  writeFileSync(`${folder}/gate.js`, "");
  expectNumbers(text.split("| key of a role |")[0] ?? "", ["graceMs", "readyTimeoutMs"], (options) =>
    resolveUpConfig({ roles: [{ name: "gate", entry: "gate.js" }], ...options }, folder),
  );
});
