import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { createServer, type Server, silentLogger, tcp, ws } from "nanowire";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { Room } from "../../examples/chat/room.js";
import type { BotsReport } from "../../runtime/bots/report.js";
import { launchChromium } from "../examples/chromium.js";
import { eventually } from "../support/wait.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
let folder: string;
let server: Server;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "nanowire-bots-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(async () => {
  const place = { host: "127.0.0.1", port: 0, ears: 1 };
  server = createServer({ components: [new Room()], listen: [ws(place), tcp(place)], logger: silentLogger });
  await server.start();
});

afterEach(() => server.stop());

/** The command, as somebody in a shell runs it. */
function bots(...args: readonly string[]) {
  return botsOf(`${root}examples/bots/chat.ts`, ...args);
}

function botsOf(scenario: string, ...args: readonly string[]) {
  const child = spawn(process.execPath, [`${root}dist/generator/cli.js`, "bots", scenario, ...args], {
    cwd: folder,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = Promise.all([textOf(child.stdout), textOf(child.stderr), once(child, "exit")]).then(
    ([stdout, stderr, [exitCode]]) => ({ stdout, stderr, exitCode: exitCode as number | null }),
  );
  return { child, ended };
}

function urlOf(transport: number): string {
  return server.addresses[transport]?.url ?? "";
}

test("bots in two processes play the example over TCP; its report is text, JSON and a page that wants nothing from elsewhere", async () => {
  const rules = ["chat.v1.Room.Join count>=20", "say, and hear it errors<1%"].flatMap((rule) => ["--threshold", rule]);
  const files = ["--json", "report.json", "--html", "report.html"];
  const { ended } = bots(
    "--url",
    urlOf(1),
    "--bots",
    "20",
    "--processes",
    "2",
    "--for",
    "2s",
    "--grace",
    "20s",
    ...rules,
    ...files,
  );
  const { stdout, stderr, exitCode } = await ended;
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  expect(stdout).toContain(`chat: 20 bots on ${urlOf(1)} for `);
  expect(stdout).toContain("✓ chat.v1.Room.Join count>=20 (20)");

  const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8")) as BotsReport;
  expect(report).toMatchObject({ processes: 2, bots: { planned: 20, begun: 20 }, total: { errors: 0 }, passed: true });
  const join20 = report.rows.find(({ name }) => name === "Room.Join");
  expect(join20).toMatchObject({ count: 20, errorCount: 0, latency: { count: 20 } });
  const said = report.rows.find(({ name }) => name === "RoomEvents.Said");
  expect(said?.count).toBeGreaterThan(0);

  const html = readFileSync(join(folder, "report.html"), "utf8");
  expect(html).not.toMatch(/<script|<link(?! rel="icon" href="data:,")|\ssrc=|@import|url\(|https?:/i);
  const browser = await launchChromium();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => complaints.push(...(/^(file|data):/.test(request.url()) ? [] : [request.url()])));
  await page.goto(`file://${join(folder, "report.html")}`);
  const grounds: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    grounds.push(
      await page
        .locator("body")
        .evaluate((body) => body.ownerDocument.defaultView?.getComputedStyle(body).backgroundColor ?? ""),
    );
  }
  expect(new Set(grounds).size).toBe(2);
  expect(await page.title()).toBe("chat – bots");
  expect(await page.locator("svg").count()).toBe(4);
  const box = await page.locator("svg path.grid").first().boundingBox();
  expect(box?.width).toBeGreaterThan(100);
  expect(complaints).toEqual([]);
});

test("npm run demo:bots plays to its end", async () => {
  const demo = spawn(process.execPath, [`${root}dist/examples/bots/demo.js`], {
    env: { ...process.env, TMPDIR: folder },
  });
  onTestFinished(() => void demo.kill("SIGKILL"));
  const [stdout, [exitCode]] = await Promise.all([textOf(demo.stdout), once(demo, "exit")]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain(`The same as a page: ${folder}/nanowire-bots.html`);
  expect(readFileSync(join(folder, "nanowire-bots.html"), "utf8")).toContain("✓ passed");
});

test("a threshold that does not hold ends with 1, a server that is not there is counted", async () => {
  const { ended } = bots("--url", "ws://127.0.0.1:1", "--bots", "5", "--for", "1h");
  const { stdout, exitCode } = await ended;
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/5 × connection connection: connect_failed: .*ECONNREFUSED/);
  expect(stdout).toContain("✗ errors<=0 (5)");
});

test("Ctrl-C ends it early, with a report", async () => {
  const { child, ended } = bots(
    "--url",
    urlOf(0),
    "--bots",
    "6",
    "--processes",
    "2",
    "--for",
    "1h",
    "--json",
    "early.json",
  );
  await eventually(() => expect(server.counters.sessions).toBe(6));
  // To all processes of the group, as a terminal does.
  process.kill(-(child.pid as number), "SIGINT");
  const { stdout, stderr, exitCode } = await ended;
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  expect(stdout).toContain("The run was ended before its time.");
  expect(JSON.parse(readFileSync(join(folder, "early.json"), "utf8"))).toMatchObject({
    endedBy: "signal",
    total: { errors: 0 },
  });
});

test("the processes with bots end with the one that started them", async () => {
  // Compiled: nobody would be left to remove what was made of TypeScript.
  const { child } = botsOf(
    `${root}dist/examples/bots/chat.js`,
    "--url",
    urlOf(0),
    "--bots",
    "6",
    "--processes",
    "2",
    "--for",
    "1h",
  );
  await eventually(() => expect(server.counters.sessions).toBe(6));
  child.kill("SIGKILL");
  await eventually(() => expect(server.counters.sessions).toBe(0));
});
