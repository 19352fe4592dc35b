import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type OnResolveArgs, type OnResolveResult } from "esbuild";
import { describe, expect, it } from "vitest";
import * as browser from "../../runtime/client/browser.js";
import * as node from "../../runtime/client/index.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The lines of an entry that export something, without what they name their file. */
function exportsOf(file: string): string {
  const source = readFileSync(`${root}/runtime/client/${file}`, "utf8");
  return source.slice(source.indexOf("export")).replace("connect-browser.js", "connect-node.js");
}

describe("the entries for Node and for browsers", () => {
  it("export the same names", () => {
    expect(Object.keys(browser)).toEqual(Object.keys(node));
    expect(Object.keys(node).sort()).toEqual([
      "NanowireError",
      "clientSerializer",
      "connect",
      "consoleLogger",
      "emptyCodec",
      "emptyMessage",
      "errorCodes",
      "jsonOf",
      "jsonSerializer",
      "protobufSerializer",
      "resumption",
      "silentLogger",
    ]);
  });

  it("export the same types", () => {
    expect(exportsOf("browser.ts")).toBe(exportsOf("index.ts"));
    expect(exportsOf("index.ts")).toContain("ClientConnection");
  });
});

describe("what a browser loads", () => {
  it("is nothing of Node and nothing of ws", async () => {
    const { inputs } = await bundle('export * from "./runtime/client/browser.ts";');
    expect(
      inputs.filter((path) => /node:|\/ws\/|dial-ws|dial-tcp|runtime\/(server|session|dispatch)/.test(path)),
    ).toEqual([]);
    expect(inputs).toContain("runtime/client/dial-browser.ts");
  });

  it("is less than 10.7 KB gzipped for the library, reconnection and the protobuf reader in it included", async () => {
    const { gzipped } = await bundle('export { connect } from "./runtime/client/browser.ts";');
    expect(gzipped).toBeLessThan(10_900);
  });

  it("is less than 11.6 KB gzipped with one generated service, its messages and the protobuf writer", async () => {
    const { gzipped, inputs } = await bundle(`
      export { connect } from "./runtime/client/browser.ts";
      export { RoomClient } from "./generated/chat/v1/room.client.ts";
    `);
    expect(inputs).toContain("generated/chat/v1/room.ts");
    expect(gzipped).toBeLessThan(11_850);
  });

  it("is less than 12 KB gzipped with both of the chat's generated clients", async () => {
    const { gzipped } = await bundle(`
      export { connect } from "./runtime/client/browser.ts";
      export { RoomClient, RoomEventsClient } from "./generated/chat/v1/room.client.ts";
    `);
    expect(gzipped).toBeLessThan(12_288);
  });

  it("is less than 12 KB gzipped with a service whose messages have numbers of three kinds", async () => {
    const { gzipped, inputs } = await bundle(`
      export { connect } from "./runtime/client/browser.ts";
      export { EchoClient } from "./bench/generated/bench/v1/echo.client.ts";
    `);
    expect(inputs).toContain("bench/generated/bench/v1/echo.ts");
    expect(gzipped).toBeLessThan(12_288);
  });

  it("carries of the protobuf classes what its messages call, and no other number", async () => {
    const { text } = await bundle(`
      export { connect } from "./runtime/client/browser.ts";
      export { EchoClient } from "./bench/generated/bench/v1/echo.client.ts";
    `);
    expect(text).toContain("Float32Array");
    expect(text).not.toMatch(/[gs]etFloat64|getBigUint64|"s?fixed(32|64)"|"sint(32|64)"/);
  });

  it("reads texts in few bytes, not in little time", async () => {
    const { inputs } = await bundle('export { connect } from "./runtime/client/browser.ts";');
    const readers = inputs.filter((path) => path.includes("read-text"));
    expect(readers).toEqual(["runtime/protocol/wire/read-text-browser.ts"]);
  });

  it("carries what resumes a session only where a program hands it in", async () => {
    const without = await bundle('export { connect } from "./runtime/client/browser.ts";');
    expect(without.text).not.toContain("forgotten");
    const { text, gzipped } = await bundle('export { connect, resumption } from "./runtime/client/browser.ts";');
    expect(text).toContain("forgotten");
    expect(gzipped - without.gzipped).toBeLessThan(900);
  });

  it("is nothing when nothing of it is used", async () => {
    const { text } = await bundle('import "./runtime/client/browser.ts";');
    expect(text.trim()).toBe("");
  });
});

/** What package.json puts in the place of some modules in a browser: a bundler knows of it, and does it to what was built. These are the sources. */
const { browser: replacements } = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as {
  browser: Record<string, string>;
};

function inBrowser({ path, resolveDir }: OnResolveArgs): OnResolveResult | undefined {
  const built = resolve(resolveDir, path).replace(resolve(root), "./dist");
  const replacement = replacements[built];
  return replacement === undefined
    ? undefined
    : { path: resolve(root, replacement.replace("./dist/", "").replace(/\.js$/, ".ts")) };
}

/** Bundles a module as a page would. */
async function bundle(contents: string) {
  const result = await build({
    stdin: { contents, resolveDir: root, loader: "ts" },
    absWorkingDir: root,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    conditions: ["browser"],
    target: "es2022",
    alias: {
      "nanowire/client": `${root}/runtime/client/browser.ts`,
      "nanowire/wire": `${root}/runtime/protocol/wire/index.ts`,
    },
    plugins: [{ name: "package.json, browser", setup: ({ onResolve }) => onResolve({ filter: /^\./ }, inBrowser) }],
    logLevel: "silent",
  });
  const text = result.outputFiles?.[0]?.text ?? "";
  return { text, gzipped: gzipSync(text, { level: 9 }).length, inputs: Object.keys(result.metafile?.inputs ?? {}) };
}
