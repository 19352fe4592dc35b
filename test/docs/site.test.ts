import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type BuiltSite, buildSite, searchRecords } from "../../scripts/site/build-site.js";
import { Finder } from "../../scripts/site/page/find.js";
import { pagesInOrder } from "../../scripts/site/read-outline.js";
import { readPages } from "../../scripts/site/read-pages.js";
import { serveSite } from "../../scripts/site/serve-site.js";
import { Slugs } from "../../scripts/site/slug.js";
import { launchChromium } from "../examples/chromium.js";
import { markdownPages, root } from "./support/markdown-pages.js";

const folder = mkdtempSync(join(tmpdir(), "docs-site-"));
let site: BuiltSite;

beforeAll(async () => {
  site = await buildSite(root.replace(/\/$/, ""), folder);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the pages", () => {
  test("are all in the site, and their links within the repository lead to a file, and to a heading that it has", () => {
    const all = [...markdownPages().keys()];
    expect(all.length).toBeGreaterThan(100);
    expect(all.filter((path) => !site.pages.has(path))).toEqual([]);
    expect(site.lost).toEqual([]);
  });

  test("lead elsewhere now and then, by https", () => {
    const elsewhere = [...site.external.keys()];
    expect(elsewhere.length).toBeLessThan(60);
    expect(elsewhere.filter((target) => !URL.canParse(target) || !target.startsWith("https://"))).toEqual([]);
    expect(readFileSync(`${folder}/external-links.txt`, "utf8").trim().split("\n")).toEqual(elsewhere.toSorted());
  });
});

describe("a link that leads nowhere", () => {
  test("is told, with its page and why", () => {
    const small = mkdtempSync(join(tmpdir(), "docs-lost-"));
    onTestFinished(() => rmSync(small, { recursive: true, force: true }));
    mkdirSync(`${small}/docs`);
    writeFileSync(
      `${small}/README.md`,
      "# Title\n\n[one](docs/one.md#there) [two](docs/two.md) [out](../secret) [own](#title)\n",
    );
    writeFileSync(`${small}/docs/one.md`, "No title. [up](../README.md#nowhere)\n");
    expect(readPages(small).lost.map(({ page, target }) => `${page} ${target}`)).toEqual([
      "README.md docs/two.md",
      "README.md ../secret",
      "docs/one.md docs/one.md",
      "README.md docs/one.md#there",
      "docs/one.md ../README.md#nowhere",
    ]);
  });
});

describe("the site", () => {
  test("has nothing but links that lead somewhere", () => {
    const texts = new Map(
      site.files
        .filter((file) => file.endsWith(".html"))
        .map((file) => [file, readFileSync(`${folder}/${file}`, "utf8")]),
    );
    expect(texts.size).toBeGreaterThan(200);
    const ids = new Map(
      [...texts].map(([file, html]) => [file, new Set([...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id))]),
    );
    const lost = [...texts].flatMap(([file, html]) =>
      [...html.matchAll(/ (?:href|src)="([^"]*)"/g)]
        .map(([, target = ""]) => target)
        .filter((target) => {
          const [path = "", id = ""] = target.split("#");
          const to = path === "" ? file : posix.join(posix.dirname(file), path);
          const isThere =
            existsSync(`${folder}/${to}`) && (id === "" || ids.get(to)?.has(decodeURIComponent(id)) === true);
          return !target.startsWith("https://") && !isThere;
        })
        .map((target) => `${file}: ${target}`),
    );
    expect(lost).toEqual([]);
  }, 60_000);

  test("has every page of docs/ in its sidebar, once, and in an order to read", () => {
    const order = pagesInOrder(site.outline).map(({ path }) => path);
    const docs = [...site.pages.keys()].filter((path) => path.startsWith("docs/") && path.endsWith(".md"));
    expect(docs.length).toBeGreaterThan(100);
    expect(docs.filter((path) => order.filter((one) => one === path).length !== 1)).toEqual([]);
    expect(site.outline.map(({ title }) => title)).toEqual([
      "Getting started",
      "The .proto files",
      "The server",
      "The client, and tests",
      "Several nodes",
      "Operations",
      "Coming from elsewhere",
      "Examples",
      "Reference",
      "Inside",
    ]);
    expect(order[0]).toBe("docs/getting-started.md");
  });

  test("has the images that pages show, as they are", () => {
    const image = "docs/images/studio-overview.png";
    expect(readFileSync(`${folder}/docs/studio.html`, "utf8")).toContain('<img src="images/studio-overview.png" alt="');
    expect(readFileSync(`${folder}/${image}`).equals(readFileSync(root + image))).toBe(true);
    expect(site.files).toContain(image);
  });

  test("names headings as git hosts do", () => {
    const slugs = new Slugs();
    const headings = ["Ports", "A `Group`, and its members", "nanowire generate --watch", "Ports", "What's “new”? Ä_1"];
    expect(headings.map((heading) => slugs.next(heading.replaceAll("`", "")))).toEqual([
      "ports",
      "a-group-and-its-members",
      "nanowire-generate---watch",
      "ports-1",
      "whats-new-ä_1",
    ]);
  });

  test("finds what is looked for", () => {
    const finder = new Finder(searchRecords(site));
    const first = (words: string) => finder.find(words)[0]?.record.id;
    expect(first("stop and drain")).toBe("docs/life-cycle.html#stop-and-drain");
    expect(first("terminationGracePeriodSeconds")).toBe("docs/deployment.html#kubernetes");
    expect(first("wire protocl")).toBe("docs/protocol.html");
    expect(finder.find("maxPacketBytes").length).toBeGreaterThan(3);
    expect(finder.find("xylophone")).toEqual([]);
  });
});

describe("in a browser", () => {
  let browser: Browser;
  let server: Server;
  let page: Page;
  let address: string;
  const faults: string[] = [];

  beforeAll(async () => {
    server = await serveSite(folder, site.files, 0);
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    browser = await launchChromium();
    page = await browser.newPage({ colorScheme: "light" });
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("console", (message) => faults.push(...(message.type() === "error" ? [message.text()] : [])));
  }, 120_000);

  afterAll(async () => {
    await browser.close();
    server.close();
    server.closeAllConnections();
    expect(faults).toEqual([]);
  });

  test("a reader searches, and goes where it is", async () => {
    await page.goto(address);
    await page.keyboard.press("/");
    await page.fill("dialog input", "stop and drain");
    await page.locator("dialog li strong").first().waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(`${address}docs/life-cycle.html#stop-and-drain`);
    expect(await page.locator('nav [aria-current="page"]').textContent()).toBe("The life of a server");
    expect(await page.locator("dialog").isVisible()).toBe(false);
  }, 60_000);

  test("colours are the system's, until the reader wants others", async () => {
    const back = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const light = await back();
    await page.emulateMedia({ colorScheme: "dark" });
    const dark = await back();
    expect(dark).not.toBe(light);
    await page.click("button.theme");
    expect(await back()).toBe(light);
    await page.reload();
    expect(await back()).toBe(light);
  }, 60_000);

  test("a phone shows each page without scrolling sideways, and the pages behind a button", async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    for (const path of ["index", "docs/server", "docs/up", "docs/api/nanowire", "docs/protocol", "runtime/index"]) {
      await page.goto(`${address}${path}.html`);
      expect([path, await page.evaluate("document.documentElement.scrollWidth")]).toEqual([path, 360]);
    }
    const entry = page.locator("nav#sidebar").getByText("Getting started").first();
    expect(await entry.isVisible()).toBe(false);
    await page.click("button.menu");
    expect(await entry.isVisible()).toBe(true);
  }, 60_000);

  test("what is no page is not there, wherever it points", async () => {
    const statuses = await Promise.all(
      ["package.json", "..%2f..%2fetc/passwd", "%ff", "docs", "docs/server.html?x=1"].map(async (path) => [
        path,
        (await fetch(address + path)).status,
      ]),
    );
    expect(statuses).toEqual([
      ["package.json", 404],
      ["..%2f..%2fetc/passwd", 404],
      ["%ff", 404],
      ["docs", 404],
      ["docs/server.html?x=1", 200],
    ]);
  });
});
