import { createHmac } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { connect } from "../../runtime/client/index.js";
import { maxHandshakeDepth } from "../../runtime/protocol/limits.js";
import { resolveOptions } from "../../runtime/server/options.js";
import type { Server } from "../../runtime/server/server.js";
import { memory } from "../../runtime/transport/memory.js";
import { targets } from "../fuzz/targets.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
// Inside the project, so that packages are found; git ignores it.
const folder = `${root}node_modules/.docs-security`;
const page = readFileSync(`${root}docs/security.md`, "utf8");

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The page's program, on a free port. */
async function program(): Promise<Server> {
  mkdirSync(folder, { recursive: true });
  const [, code = ""] = /^```ts\n([\s\S]*?)^```$/m.exec(page) ?? [];
  const outfile = `${folder}/server.mjs`;
  await build({
    stdin: {
      contents: code.replace("port: 3250", 'host: "127.0.0.1", port: 0'),
      resolveDir: `${root}docs`,
      loader: "ts",
    },
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    alias: { nanowire: `${root}runtime/index.ts` },
    logLevel: "silent",
  });
  return ((await import(pathToFileURL(outfile).href)) as { server: Server }).server;
}

describe("docs/security.md", () => {
  it("tells the defaults that the limits have", () => {
    const section = page.slice(page.indexOf("## What each limit stops"), page.indexOf("## What is not protected"));
    const rows = [...section.matchAll(/^\| `(\w+)` \| ([\d,]+) \|/gm)];
    const options = { ...resolveOptions({ components: [], listen: [memory()] }) } as Readonly<Record<string, unknown>>;
    expect(rows).toHaveLength(12);
    expect(rows.map(([, name = "", value]) => [name, value?.replaceAll(",", "")])).toEqual(
      rows.map(([, name = ""]) => [name, String(options[name])]),
    );
    expect(section).toContain(`nested deeper than ${maxHandshakeDepth} levels`);
  });

  it("has a program that takes the tokens that it should, and no others", async () => {
    vi.stubEnv("TOKEN_KEY", "made for this test");
    vi.spyOn(console, "info").mockImplementation(() => {});
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const server = await program();
    await server.start();
    onTestFinished(async () => {
      await server.stop();
      vi.unstubAllEnvs();
      vi.restoreAllMocks();
    });
    const url = server.addresses[0]?.url ?? "";
    const tokenOf = (key: string, expires: number): string => {
      const claims = `ada.${expires}`;
      return `${claims}.${createHmac("sha256", key).update(claims).digest("base64url")}`;
    };
    const refusal = (token: unknown): Promise<unknown> => connect(url, { user: { token } }).catch((error) => error);
    const later = Math.floor(Date.now() / 1_000) + 3_600;
    const connection = await connect(url, { user: { token: tokenOf("made for this test", later) } });
    expect(connection.handshake.user).toEqual({ subject: "ada" });
    connection.close();
    expect(await refusal(tokenOf("another", later))).toMatchObject({ details: { error: "invalid_token" } });
    expect(await refusal(7)).toMatchObject({ details: { error: "invalid_token" } });
    expect(await refusal(tokenOf("made for this test", 1))).toMatchObject({ details: { error: "token_expired" } });
  });

  it("names targets and a corpus that there are", () => {
    const section = page.slice(page.indexOf("## Fuzzing"), page.indexOf("## Dependencies"));
    const named = [...section.matchAll(/--target ([\w-]+)/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(2);
    expect(targets.map(({ name }) => name)).toEqual(expect.arrayContaining(named));
    expect(targets.filter(({ name }) => !existsSync(`${root}test/fuzz/corpus/${name}`))).toEqual([]);
  });
});
