import { fileURLToPath, pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { launchChromium } from "../examples/chromium.js";
import { Project } from "./support/project.js";

const scenarios = fileURLToPath(new URL("scenarios", import.meta.url));

describe("protocol.html in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  /** Opens the page of a scenario, and collects what the browser asks for and complains of. */
  async function open(
    name: string,
    options: { readonly width: number; readonly title?: string },
  ): Promise<{ readonly page: Page; readonly requests: string[]; readonly complaints: string[] }> {
    const project = Project.copyOf(`${scenarios}/${name}`);
    await project.generate();
    await project.run("docs", "--title", options.title ?? name);
    const context = await browser.newContext({ viewport: { width: options.width, height: 800 } });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("dialog", (dialog) => complaints.push(dialog.message()));
    await page.goto(pathToFileURL(`${project.directory}/docs/protocol/protocol.html`).href);
    return { page, requests, complaints };
  }

  test("asks for nothing but itself, complains of nothing, and every link leads somewhere", async () => {
    const { page, requests, complaints } = await open("packages", { width: 1280 });
    expect(requests).toHaveLength(1);
    expect(complaints).toEqual([]);
    const ids: string[] = await page.evaluate("[...document.querySelectorAll('[id]')].map(({ id }) => id)");
    const targets: string[] = await page.evaluate("[...document.links].map(({ hash }) => hash.slice(1))");
    expect(targets.length).toBeGreaterThan(20);
    expect(targets.filter((target) => !ids.includes(target))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining(["lobby.v1.Lobby.Enter", "match.v1.Match"]));
  });

  test("what is hostile is read as it was written", async () => {
    const title = `</title><script>alert("title")</script>`;
    const { page, complaints } = await open("hostile", { width: 1280, title });
    expect(complaints).toEqual([]);
    expect(await page.title()).toBe(title);
    expect(await page.textContent("h1")).toBe(title);
    expect(await page.locator("script").count()).toBe(1);
    const call = page.locator("[id='hostile.Hostile.Call']");
    expect(await call.locator(".signature code").first().textContent()).toBe(`a"b'c\`d\${e}{{f}}\\g*/h.Call`);
    expect(await call.textContent()).toContain("<script>alert(1)</script> & &amp; é 漢字 🎉");
    expect(await call.locator("pre").first().textContent()).toBe(
      JSON.stringify({ "te\"xt'`\\": "hello", plainText: "hello", one: "one", Proto: { key: "proto" } }, undefined, 2),
    );
  });

  test("a script that slipped in would not run", async () => {
    const { page, complaints } = await open("chat", { width: 1280 });
    await page.evaluate(`
      const script = document.createElement("script");
      script.textContent = "document.title = 'out'";
      document.body.append(script);
    `);
    expect(await page.title()).toBe("chat");
    expect(complaints).toEqual([expect.stringContaining("Content Security Policy")]);
  });

  test.each([1280, 390, 320])("fits a window of %i pixels", async (width) => {
    const { page } = await open("messages", { width });
    const scrollWidth = await page.evaluate("document.documentElement.scrollWidth");
    expect(scrollWidth).toBe(width);
  });

  test("on a phone the contents open on demand", async () => {
    const { page } = await open("chat", { width: 390 });
    const link = page.locator(".contents a", { hasText: "Join" }).first();
    expect(await link.isVisible()).toBe(false);
    await page.getByText("Contents", { exact: true }).click();
    expect(await link.isVisible()).toBe(true);
  });

  test("the search leaves what bears all its words", async () => {
    const { page } = await open("chat", { width: 1280 });
    await page.getByRole("searchbox").fill("ROOM say");
    expect(await page.locator("main article:visible h4").allTextContents()).toEqual(["Say"]);
    expect(await page.locator("tbody tr[data-name]:visible").count()).toBe(1);
    await page.getByRole("searchbox").fill("");
    expect(await page.locator("main article:visible h4").count()).toBe(6);
  });

  test.each(["light", "dark"] as const)("text stands out in the %s", async (colorScheme) => {
    const { page } = await open("chat", { width: 1280 });
    await page.emulateMedia({ colorScheme });
    const brightness = async (property: "color" | "backgroundColor"): Promise<number> => {
      const color: string = await page.evaluate(`getComputedStyle(document.body).${property}`);
      const parts = [...color.matchAll(/\d+/g)].map(Number);
      return parts.reduce((sum, part) => sum + part, 0) / parts.length;
    };
    const [text, background] = [await brightness("color"), await brightness("backgroundColor")];
    expect(colorScheme === "light" ? background - text : text - background).toBeGreaterThan(180);
  });
});
