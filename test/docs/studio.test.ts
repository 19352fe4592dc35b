import { readFileSync } from "node:fs";
import type { Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { format } from "node:util";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { studioTable } from "../../generator/read/option-table.js";
import type { Server } from "../../runtime/server/server.js";
import { type Studio, studio } from "../../runtime/studio/index.js";
import { arenaDescriptors } from "../studio/support/arena-server.js";
import { ask, studioServer } from "../studio/support/door.js";
import { PageProgram } from "./support/page-program.js";
import { runServer } from "./support/running-program.js";

const path = fileURLToPath(new URL("../../docs/studio.md", import.meta.url));
const text = readFileSync(path, "utf8");
const page = new PageProgram("docs/studio.md");

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test("the studio of the page is there, by its log", async () => {
  const lines = logged();
  const descriptors = `JSON.stringify(${JSON.stringify(arenaDescriptors)})`;
  await runServer(page, "readFileSync", [], { instead: { 'readFileSync("generated/descriptors.json")': descriptors } });
  const [, url = ""] = /(http:\S+)/.exec(lines.join("\n")) ?? [];
  expect((await ask({ url }, "api/server")).json).toMatchObject({ state: "running", descriptors: true });
});

test("that of production is there with a token alone", async () => {
  vi.stubEnv("STUDIO_TOKEN", "of-16-characters-or-more");
  const lines = logged();
  await runServer(page, "STUDIO_TOKEN");
  const [, url = ""] = /(http:\S+)/.exec(lines.join("\n")) ?? [];
  const headers = { Authorization: "Bearer of-16-characters-or-more" };
  expect((await ask({ url }, "api/server", { headers })).json).toMatchObject({ payloads: false, readOnly: true });
  expect((await ask({ url }, "api/server")).status).toBe(401);
});

test("that of a program's own server is below its path", async () => {
  const { web } = await runServer<{ web: HttpServer; door: Studio; server: Server }>(page, "ops.example.com", ["web"], {
    instead: { "web.listen(8080)": 'web.listen(0, "127.0.0.1")' },
  });
  onTestFinished(() => void web.close());
  const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/studio/`;
  const headers = { Authorization: "Bearer of-16-characters-or-more", Host: "ops.example.com" };
  expect((await ask({ url }, "api/server", { headers })).json.state).toBe("running");
});

test("an inspector of one's own is told of slow answers", async () => {
  const { server } = await runServer(page, "class SlowAnswers");
  expect(server.state).toBe("running");
});

test("tells every option, every flag, and everything that can be asked", async () => {
  const rows = (cell: RegExp) => [...text.matchAll(cell)].map(([, name = ""]) => name);
  const options = rows(/^\| `(\w+)` \|/gm);
  expect(() => studio({ no: 1 } as never)).toThrow(`there are ${options.join(", ")}`);
  for (const flag of Object.keys(studioTable).filter((name) => name !== "help")) {
    expect(text).toContain(`--${flag}`);
  }
  const { door } = await studioServer();
  const { message } = (await ask(door, "api/no")).json.error;
  const told = new Set(rows(/^\| `GET api\/(\w+)/gm));
  expect(new Set(message.replace(/^.*there are /, "").split(", "))).toEqual(told);
});

/** What a program says in its log, which is the console. */
function logged(): string[] {
  const lines: string[] = [];
  vi.spyOn(console, "info").mockImplementation((...words) => void lines.push(format(...words)));
  return lines;
}
