import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runDemo } from "../../examples/chat/demo.js";
import { colours } from "../../examples/chat/terminal-style.js";
import { bundlePage, root, type TemporaryDirectory } from "./chat-fixture.js";
import { compilePrograms, run } from "./programs.js";

let page: TemporaryDirectory;
let programs: TemporaryDirectory;

beforeAll(async () => {
  page = await bundlePage();
  programs = await compilePrograms();
});

afterAll(async () => {
  await page.remove();
  await programs.remove();
});

test("plays its script to the end", async () => {
  const written: string[] = [];

  await runDemo((text) => written.push(text), { pageDirectory: page.path });

  const output = written
    .join("")
    .replaceAll(/:\d+/g, ":PORT")
    .replace(/hears (19|[2-9]\d|1\d\d):/, "hears N:")
    .replace(/\d+ ms/, "N ms");
  expect(output).toMatchInlineSnapshot(`
    "
      Nanowire chat
      one room, three clients: two transports, two encodings

      page       http://127.0.0.1:PORT/
      WebSocket  ws://127.0.0.1:PORT
      TCP        tcp://127.0.0.1:PORT

      Three clients connect
          ada  WebSocket, the generated client: protobuf, routes as codes
          bob  TCP, the generated client: protobuf, routes as codes
        carol  WebSocket, by hand as nano's browser client: JSON, routes as text

      They join
          ada  joins                                     in the room: ada
          bob  joins                                     in the room: ada, bob

      What is refused is refused with a typed error
        carol  leaves a room she is not in
               ✗ unauthenticated  Room.Leave is for bound sessions only
        carol  joins as "ada"
               ✗ name_taken  somebody in the room is called ada already
          bob  joins once more, as "robert"
               ✗ already_joined  you are in the room already, as bob
        carol  joins without a name
               ✗ invalid_name  a name of 0 characters is not one of 1 to 24
        carol  joins                                     in the room: ada, bob, carol

      They talk
          ada  “Hello! I never wrote a route string.”
          bob  “Nor did I, and there is no WebSocket between us. 👋”
        carol  “I wrote every byte by hand. Grüße aus dem JSON-Land!”
          ada  “And we all heard the same, in the same order.”

      Twenty messages a second, says room.proto
          bob  says 200 things at once                   ada hears N: the rest is refused

      They go
          bob  leaves; his connection stays              heard by ada, carol
          bob  leaves again
               ✗ unauthenticated  Room.Leave is for bound sessions only
        carol  just hangs up: the server takes her out   heard by ada
          ada  turns off the light

      ✓ Everything went by the script, in N ms.

    "
  `);
});

test("paints when it is told to", async () => {
  const written: string[] = [];

  await runDemo((text) => written.push(text), { pageDirectory: page.path, paint: colours });

  expect(written.join("")).toContain("\u001b[36m    ada\u001b[39m  joins");
});

test("fails when the time is up, and says what it waited for", async () => {
  await expect(runDemo(() => {}, { pageDirectory: page.path, timeoutMs: 0 })).rejects.toThrow(
    /^the time is up; the script waited for /,
  );
});

test("is a program that ends with 1 and one line when it fails, and with 0 when it does not", async () => {
  const failing = run(programs.path, "demo");
  expect(await failing.ended).toBe(1);
  expect(await failing.stdout).toBe("");
  expect(await failing.stderr).toMatch(/^\n {2}✗ The demo failed: the page is not built: .* run npm run build\n\n$/);

  await promisify(execFile)(process.execPath, [
    join(root, "scripts/bundle-page.js"),
    "chat",
    join(programs.path, "page"),
  ]);
  const good = run(programs.path, "demo");
  expect(await good.stderr).toBe("");
  expect(await good.ended).toBe(0);
  const output = await good.stdout;
  expect(output).toContain("✓ Everything went by the script");
  // No colours into a pipe.
  expect(output).not.toContain("\u001b");
});
