import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Chat, startChat } from "../../examples/chat/server.js";
import { bundlePage, startTestChat, type TemporaryDirectory } from "./chat-fixture.js";

let page: TemporaryDirectory;
let chat: Chat;

beforeAll(async () => {
  page = await bundlePage();
  chat = await startTestChat(page.path);
});

afterAll(async () => {
  await chat.stop();
  await page.remove();
});

/** Sends a request as it stands, and returns the whole answer. `fetch` would tidy the path first. */
async function raw(request: string): Promise<string> {
  const { hostname, port } = new URL(chat.url);
  const socket = connect(Number(port), hostname);
  socket.write(`${request}\r\nHost: chat\r\nConnection: close\r\n\r\n`);
  return await text(socket);
}

test.each([
  ["/", "text/html; charset=utf-8", "<!doctype html>"],
  ["/?from=a-link", "text/html; charset=utf-8", "<!doctype html>"],
  ["/page.js", "text/javascript; charset=utf-8", "WebSocket"],
  ["/style.css", "text/css; charset=utf-8", ":root"],
  ["/icon.svg", "image/svg+xml", "<svg"],
])("serves %s as %s", async (path, type, part) => {
  const response = await fetch(new URL(path, chat.url));

  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe(type);
  expect(response.headers.get("cache-control")).toBe("no-cache");
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  const policy = response.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
  expect(policy).not.toContain("unsafe");
  expect(await response.text()).toContain(part);
});

test("sends a file again only when it has changed", async () => {
  const first = await fetch(chat.url);
  const etag = first.headers.get("etag") ?? "";

  const second = await fetch(chat.url, { headers: { "If-None-Match": etag } });
  const other = await fetch(chat.url, { headers: { "If-None-Match": '"another"' } });

  expect(etag).toMatch(/^"[\w-]{43}"$/);
  expect(second.status).toBe(304);
  expect(await second.text()).toBe("");
  expect(other.status).toBe(200);
});

test("answers HEAD without a body, and no other method", async () => {
  const head = await fetch(chat.url, { method: "HEAD" });
  const post = await fetch(chat.url, { method: "POST", body: "x" });

  expect(head.status).toBe(200);
  expect(Number(head.headers.get("content-length"))).toBeGreaterThan(1000);
  expect(post.status).toBe(405);
  expect(post.headers.get("allow")).toBe("GET, HEAD");
});

test.each([
  "/page.ts",
  "/index.html",
  "/../server.js",
  "/../../../package.json",
  "/%2e%2e/server.js",
  "/..%2fserver.js",
  "//page.js",
  "/page.js/",
  "/\\..\\server.js",
  "/toString",
  "/__proto__",
  "/%00",
  "*",
])("has nothing at %s", async (path) => {
  expect(await raw(`GET ${path} HTTP/1.1`)).toMatch(/^HTTP\/1\.1 404 /);
});

test("stops with requests under way, and as often as it is asked", async () => {
  const other = await startTestChat(page.path);
  const { hostname, port } = new URL(other.url);
  const socket = connect(Number(port), hostname);
  const ended = text(socket).catch(() => "broken");
  socket.write("GET / HTTP/1.1\r\nHost: ");
  await fetch(other.url);

  await Promise.all([other.stop(), other.stop()]);

  await ended;
  await expect(fetch(other.url)).rejects.toThrow();
});

test("says how to build the page when it is not there", async () => {
  await expect(startChat({ port: 0, tcpPort: 0, pageDirectory: "/nowhere" })).rejects.toThrow(
    "the page is not built: /nowhere/index.html cannot be read; run npm run build",
  );
});

test("frees its first port when the second is taken", async () => {
  const taken = Number(new URL(chat.tcpUrl).port);
  const free = await startTestChat(page.path);
  const port = Number(new URL(free.url).port);
  await free.stop();

  await expect(startTestChat(page.path, { port, tcpPort: taken })).rejects.toMatchObject({ code: "listen_failed" });
  const again = await startTestChat(page.path, { port });

  expect(again.url).toBe(free.url);
  await again.stop();
});
