import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Inspector, InspectorHost } from "../../runtime/server/inspector.js";
import type { Server } from "../../runtime/server/server.js";
import type { Session } from "../../runtime/session/session.js";
import { PageFiles } from "../../runtime/studio/page-files.js";
import { runStudio } from "../../runtime/studio/run-studio.js";
import { ServerStudio } from "../../runtime/studio/studio.js";
import { resolveStudioOptions, type StudioOptions } from "../../runtime/studio/studio-options.js";
import { bundlePage, eventually, type TemporaryDirectory } from "../examples/chat-fixture.js";
import { launchChromium } from "../examples/chromium.js";
import { startServer } from "../support/server.js";
import { arenaDescriptors, arenaServer } from "./support/arena-server.js";

const token = "a-token-of-24-characters";
const slowestMs = 180_000;
let bundle: TemporaryDirectory;
let browser: Browser;

beforeAll(async () => {
  [bundle, browser] = await Promise.all([bundlePage("studio"), launchChromium()]);
}, slowestMs);

afterAll(async () => {
  await browser?.close();
  await bundle?.remove();
});

function pageStudio(options: StudioOptions = {}): ServerStudio {
  return new ServerStudio(resolveStudioOptions({ port: 0, ...options }), new PageFiles(bundle.path));
}

async function startArena(options: StudioOptions = {}): Promise<{ server: Server; studio: ServerStudio }> {
  const studio = pageStudio({ descriptors: arenaDescriptors, ...options });
  const server = arenaServer([studio]);
  await server.start();
  onTestFinished(() => (server.state === "stopped" ? undefined : server.stop()));
  return { server, studio };
}

/** Opens a page; what goes wrong on it is kept. */
async function openPage(url: string | undefined, colorScheme: "light" | "dark" = "light") {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    colorScheme,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  onTestFinished(() => context.close());
  // A machine that is busy may take its time.
  context.setDefaultTimeout(slowestMs);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => complaints.push(message.text()));
  await page.goto(url ?? "");
  return { page, complaints };
}

const rows = (page: Page) => page.locator(".rows .row");
const clipboard = (page: Page) => page.evaluate("navigator.clipboard.readText()") as Promise<string>;
const say = (page: Page) => page.locator("#said");

describe("the page, in a browser", { timeout: slowestMs }, () => {
  test("asks for the token, sends requests, shows messages by their names, kicks", async () => {
    const { server, studio } = await startArena({ token });
    const { page, complaints } = await openPage(studio.url, "dark");

    await page.getByLabel("Token").fill("another-token-of-this-length");
    await page.keyboard.press("Enter");
    await page.getByText("that is not the token").waitFor();
    await page.getByLabel("Token").fill(token);
    await page.keyboard.press("Enter");
    await eventually(() => page.locator("#state").textContent()).toBe("running");
    expect(complaints.splice(0).filter((text) => !text.includes("401"))).toEqual([]);
    expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(17, 19, 24)");

    // With the keys alone: to the requests, and to the form.
    await page.keyboard.press("7");
    await page.locator(".route-item", { hasText: "Arena.Play" }).click();
    await page.getByLabel("name", { exact: true }).fill("<b>ada</b>");
    await page.locator(".field", { hasText: "cards" }).getByRole("button", { name: "Add" }).click();
    await page.locator(".item").getByRole("button", { name: "Set" }).first().click();
    await page.getByLabel("number").fill("7");
    await page.getByLabel("colour").selectOption("RED");
    await page.getByLabel("password").fill("hunter2");
    await page.keyboard.press("Control+Enter");
    await page.getByText("answered", { exact: true }).waitFor();
    await eventually(() => page.locator(".reply .json").textContent()).toContain('"count": 1');
    await page.locator(".push", { hasText: "ArenaEvents.Played" }).waitFor();
    await page.getByRole("button", { name: "Copy as test" }).click();
    await eventually(() => say(page).textContent()).toBe("Copied the test");
    const copied = await clipboard(page);
    expect(copied).not.toContain("hunter2");
    await page.getByRole("button", { name: "Copy for the REPL" }).click();
    await eventually(() => clipboard(page)).toContain(
      'request Arena.Play {"name":"<b>ada</b>","cards":[{"number":7,"colour":"RED"}]',
    );

    // The same as JSON, with a slip, and over a slow line.
    await page.getByRole("button", { name: "JSON" }).click();
    await page.getByLabel("Message as JSON").fill('{"nam": "ada"}');
    await page.keyboard.press("Control+Enter");
    await page.getByText("invalid_payload").waitFor();
    await page.getByLabel("Latency").fill("400");
    await page.getByLabel("Message as JSON").fill('{"name": "<b>ada</b>"}');
    await page.keyboard.press("Control+Enter");
    await eventually(async () =>
      Number.parseFloat((await page.locator(".reply .dim").textContent()) ?? ""),
    ).toBeGreaterThanOrEqual(400);

    // What came and went is there by its names, but for what is secret.
    await page.getByRole("link", { name: "Messages" }).click();
    const request = rows(page).filter({ hasText: "→ request" }).last();
    await eventually(() => request.textContent()).toContain("not shown: its type has secret fields");
    const push = rows(page).filter({ hasText: "ArenaEvents.Played" });
    expect(await push.textContent()).toContain('{number: 7, colour: "RED"');
    await push.click();
    await eventually(() => page.locator(".detail .json").textContent()).toContain('"isOpen": false');
    expect(await page.locator(".detail").textContent()).toContain("arena.v1.Card");
    expect(await page.content()).not.toContain("hunter2");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Pushes" }).click();
    await eventually(() => rows(page).count()).toBe(0);

    // A name that is written like HTML is a text, and its client is kicked.
    await page.getByRole("link", { name: "Sessions" }).click();
    await page.getByLabel("Search sessions").fill("ada");
    await eventually(() => rows(page).first().textContent()).toContain("<b>ada</b>");
    await page.getByLabel("Search sessions").press("Escape");
    await page.getByRole("grid").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Kick…" }).click();
    await page.getByLabel("Why").fill("enough");
    await page.keyboard.press("Enter");
    await eventually(() => server.sessions().length).toBe(0);
    await page.keyboard.press("7");
    await page.getByText("the server told the client to go: enough").waitFor();
    expect(complaints).toEqual([]);
  });

  test("shows ten thousand sessions, and makes rows of those alone that are seen", async () => {
    const crowd = Array.from({ length: 10_000 }, (_, n) => sessionOf(n));
    const studio = pageStudio();
    await startServer({ inspectors: [crowded(studio, crowd)] });
    const { page, complaints } = await openPage(`${studio.url}#sessions`);
    await page.getByText("10,000 sessions").waitFor();
    await eventually(() => rows(page).first().textContent()).toContain("user-9999");
    expect(await rows(page).count()).toBeLessThan(60);
    await page.getByRole("grid").focus();
    await page.keyboard.press("End");
    await page.locator(".row.selected", { hasText: "user-0" }).waitFor();
    expect(await rows(page).count()).toBeLessThan(60);
    await page.getByLabel("Search sessions").fill("user-77");
    await page.getByText("111 of 10,000").waitFor();
    expect(complaints).toEqual([]);
  });

  test("finds its server again, tells its keys, changes its colours, and drains", async () => {
    const { server, studio } = await startArena();
    const { port } = new URL(studio.url ?? "");
    const { page, complaints } = await openPage(studio.url);
    const state = page.locator("#state");
    await eventually(() => state.textContent()).toBe("running");
    await page.keyboard.press("?");
    await page.getByRole("heading", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("t");
    await page.keyboard.press("t");
    expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(17, 19, 24)");
    await eventually(() => page.locator(".plot path").count()).toBeGreaterThan(3);
    expect(complaints).toEqual([]);
    await page.keyboard.press("/");
    await server.stop();
    await eventually(() => state.textContent()).toBe("server lost, trying again");
    const again = await startArena({ port: Number(port) });
    await eventually(() => state.textContent()).toBe("running");
    await page.getByRole("button", { name: "Drain…" }).click();
    await page.getByRole("button", { name: "Drain", exact: true }).click();
    await eventually(() => again.server.state).toBe("draining");
    await eventually(() => state.textContent()).toBe("draining");
  });

  test("is shown by nanowire studio, before a server far away, with a token that the browser has not", async () => {
    const { studio } = await startArena({ token });
    const lines: string[] = [];
    const stop = new AbortController();
    const run = runStudio({
      url: studio.url ?? "",
      token,
      port: 0,
      signal: stop.signal,
      print: (line) => lines.push(line),
      page: bundle.path,
    });
    await eventually(() => lines.length).toBe(2);
    expect(lines[0]).toBe(`nanowire at ${studio.url} is running`);
    const url = lines[1]?.replace("open ", "") ?? "";
    expect(url).not.toContain(token);
    const { page, complaints } = await openPage(url);
    await eventually(() => page.locator("#state").textContent()).toBe("running");
    expect(page.url()).not.toContain("token");
    await page.keyboard.press("7");
    await page.locator(".route-item", { hasText: "Arena.Play" }).click();
    await page.keyboard.press("Control+Enter");
    await page.getByText("internal", { exact: true }).waitFor();
    await page.keyboard.press("2");
    await rows(page).filter({ hasText: "← response" }).waitFor();
    expect(complaints).toEqual([]);
    stop.abort();
    expect(await run).toBe(0);
  });
});

/** As much of a session as is listed. */
function sessionOf(n: number): Session {
  const handshake = { sys: { type: "test", version: "1" } };
  const rest = { transport: "ws", remoteAddress: "10.0.0.1", waiting: { bytes: 0, messages: 0 }, handshake };
  return { id: String(n), uid: `user-${n}`, bound: true, suspended: false, blocked: false, ...rest } as never;
}

/** A studio whose server has others than its own sessions. */
function crowded(studio: ServerStudio, crowd: readonly Session[]): Inspector {
  const others = { sessions: () => crowd, sessionCount: () => crowd.length, groupsOf: () => [] };
  const host = (real: InspectorHost): InspectorHost =>
    new Proxy(real, {
      get(target, name) {
        const value: unknown = Reflect.get(others, name) ?? Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  return { name: "crowded", start: (real) => studio.start(host(real)), stop: () => studio.stop() };
}
