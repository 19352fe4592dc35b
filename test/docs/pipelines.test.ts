import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import type { Component } from "../../runtime/component/component.js";
import type { Server } from "../../runtime/server/server.js";
import type { Transport } from "../../runtime/transport/transport.js";
import { Client, errorIn, request } from "../support/client.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = `${root}node_modules/.docs-pipelines`;

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // The server that a program makes speaks of its listeners.
  vi.spyOn(console, "info").mockImplementation(() => {});
});

afterAll(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** The program under a heading. */
function programOf(heading: string): string {
  const sections = readFileSync(`${root}docs/pipelines.md`, "utf8").split(/^## /m);
  const section = sections.find((text) => text.startsWith(`${heading}\n`));
  const [, code] = /^```ts\n([\s\S]*?)^```$/m.exec(section ?? "") ?? [];
  if (code === undefined) {
    throw new Error(`docs/pipelines.md has no program under ${heading}`);
  }
  return code;
}

/** Runs a program as it stands there; of a server the code is that of this repository's examples. */
async function run<T>(code: string, extra: string): Promise<T> {
  const { outputFiles } = await build({
    stdin: {
      contents: `${code.replaceAll('"../generated/', `"${root}generated/`)}\n${extra}\n`,
      loader: "ts",
      resolveDir: root,
    },
    alias: {
      nanowire: `${root}runtime/index.ts`,
      "nanowire/json": `${root}runtime/protocol/json/index.ts`,
      "nanowire/validate": `${root}runtime/validate/index.ts`,
      "nanowire/wire": `${root}runtime/protocol/wire/index.ts`,
    },
    bundle: true,
    format: "esm",
    platform: "node",
    external: ["ws", "@bufbuild/*"],
    write: false,
  });
  // A module is run once: each run is another.
  const file = `${folder}/${randomUUID()}.mjs`;
  writeFileSync(file, outputFiles[0]?.text ?? "");
  return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as T;
}

interface Program {
  readonly server: Server;
  readonly transport: Transport;
  readonly lines: string[];
}

async function enter({ server, transport }: Pick<Program, "server" | "transport">): Promise<Client> {
  onTestFinished(() => server.stop());
  const client = await Client.open(transport);
  await client.enter({ sys: { type: "nanowire", version: "1", serializer: "protobuf" } });
  return client;
}

const exported = "export { lines, server, transport };";

/** A JoinRequest. */
const named = (name: string): Uint8Array => Uint8Array.of(0x0a, name.length, ...new TextEncoder().encode(name));

describe("docs/pipelines.md", () => {
  it("Steps: the server's and a service's, what they keep, and who is refused", async () => {
    const program = await run<Program>(programOf("Steps"), exported);
    const client = await enter(program);
    client.send(request(1, "Room.Join", named("eve")));
    await client.messages(2);
    client.send(request(2, "Room.Join", named("eve")));
    expect(errorIn((await client.message()).payload)).toMatchObject({
      code: "banned",
      msg: "Room.Join is not for eve",
    });
    expect(program.lines.map((line) => line.replace(/\d+ bytes/, "n bytes"))).toEqual([
      "a push of n bytes",
      "push RoomEvents.Joined: n bytes",
      "response Room.Join: n bytes, true for nobody yet",
      "response Room.Join: n bytes, true for undefined",
    ]);
  });

  it("Hooks: around all handlers, and around one", async () => {
    const program = await run<Program>(programOf("Hooks"), exported);
    const client = await enter(program);
    client.send(request(1, "Room.Join", named("ada")));
    await client.message();
    client.send(request(2, "Room.Join", named("admin1")));
    expect(errorIn((await client.message()).payload)).toMatchObject({
      code: "reserved_name",
      msg: "the name admin1 is reserved",
    });
    expect(program.lines).toEqual(["Room.Join went well in time", "Room.Join failed in time"]);
  });

  it("Validation: the rules that are shown are generated, and held below", () => {
    const rulesOf = (path: string): string[] => {
      const [message = ""] = /^message BuyRequest \{[\s\S]*?^\}/m.exec(readFileSync(`${root}${path}`, "utf8")) ?? [];
      const rules = message.match(/string = \{[^}]*\}|min_items = \d/g) ?? [];
      return rules.map((rule) => rule.replaceAll(/[\s,]+/g, " "));
    };
    expect(rulesOf("docs/pipelines.md")).toHaveLength(2);
    expect(rulesOf("test/validate/shop/proto/shop/v1/shop.proto")).toEqual(rulesOf("docs/pipelines.md"));
  });

  it("Validation: the answer is as it stands there", async () => {
    const code = programOf("Validation");
    const shop = `${root}test/validate/shop/generated`;
    const { start, ShopComponent } = await run<{
      readonly start: (component: Component) => Pick<Program, "server" | "transport">;
      readonly ShopComponent: new () => Component;
    }>(
      code.replace('"generated/descriptors.json"', `"${shop}/descriptors.json"`),
      `export { ShopComponent } from "${shop}/shop/v1/shop.server.js";`,
    );
    const program = start(new ShopComponent());
    await program.server.start();
    const client = await enter(program);
    // No name, one line, no money.
    client.send(request(1, "Shop.Buy", Uint8Array.of(0x12, 0x02, 0x08, 0x01, 0x38, 0x00)));
    const answer = errorIn((await client.message()).payload) as { readonly msg: string; readonly metadata: object };
    const page = readFileSync(`${root}docs/pipelines.md`, "utf8");
    const shown = page.split("\n").flatMap((line) => /^ {4}(the message of .*|\[\{.*)$/.exec(line)?.[1] ?? []);
    expect(shown).toEqual([answer.msg, Object.values(answer.metadata)[0]]);
  });
});
