import { PassThrough } from "node:stream";
import { createServer, silentLogger, tcp } from "nanowire";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Room } from "../../examples/chat/room.js";
import type { Chat } from "../../examples/chat/server.js";
import { runTerminal } from "../../examples/chat/terminal.js";
import { colours, noColours, paintFor, printable } from "../../examples/chat/terminal-style.js";
import { bundlePage, eventually, Guest, startTestChat, type TemporaryDirectory } from "./chat-fixture.js";
import { compilePrograms, run } from "./programs.js";

let page: TemporaryDirectory;
let programs: TemporaryDirectory;
let chat: Chat;

beforeAll(async () => {
  page = await bundlePage();
  programs = await compilePrograms();
});

afterAll(async () => {
  await page.remove();
  await programs.remove();
});

beforeEach(async () => {
  chat = await startTestChat(page.path);
});

afterEach(async () => {
  await chat.stop();
});

/** A terminal client whose keys and screen the test holds. */
function open(name: string, url: string, isTTY: boolean) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = Object.assign(new PassThrough(), { isTTY, columns: 80 });
  let written = "";
  output.setEncoding("utf8").on("data", (text: string) => {
    written += text;
  });
  return {
    ended: runTerminal({ name, url, input, output }),
    type: (line: string) => input.write(`${line}\n`),
    end: () => input.end(),
    written: () => written,
    shows: (text: string) => eventually(() => written).toContain(text),
  };
}

describe("with a pipe", () => {
  test("says each line, prints what is said, and leaves when the input ends", async () => {
    const bob = await Guest.connect(chat.webSocketUrl);
    await bob.join("bob");

    const program = run(programs.path, "terminal", ["--name", "ada", "--url", chat.tcpUrl]);
    program.process.stdin?.end("hello\n\n  spaces around  \nlast, without a line end");

    expect(await program.ended).toBe(0);
    expect(await program.stderr).toBe("");
    expect(await program.stdout).toBe(
      "* you joined as ada; here: bob, ada\nada › hello\nada › spaces around\nada › last, without a line end\n",
    );
    expect(await bob.heardSoFar()).toEqual([
      "ada joined",
      "ada: hello",
      "ada: spaces around",
      "ada: last, without a line end",
      "ada left",
    ]);
  });

  test("goes slowly enough for the room's rate limit", async () => {
    const bob = await Guest.connect(chat.tcpUrl);
    await bob.join("bob");
    const lines = Array.from({ length: 40 }, (_, number) => `line ${number}`);

    const ada = open("ada", chat.webSocketUrl, false);
    for (const line of lines) {
      ada.type(line);
    }
    ada.end();

    expect(await ada.ended).toBe(0);
    expect(await bob.heardSoFar()).toEqual(["ada joined", ...lines.map((line) => `ada: ${line}`), "ada left"]);
  });

  test("obeys its commands", async () => {
    const ada = open("ada", chat.webSocketUrl, false);

    for (const line of [
      "/who",
      "/leave",
      "/who",
      "unheard",
      "/join",
      "/join  Bea",
      "heard",
      "/help",
      "x".repeat(501),
    ]) {
      ada.type(line);
    }
    ada.type("/quit");
    ada.type("after the end");

    expect(await ada.ended).toBe(0);
    expect(ada.written().trimEnd().split("\n")).toEqual([
      "* you joined as ada; here: ada",
      "* here: ada",
      "* you left; /join NAME joins again, /quit ends",
      "* you are not in the room",
      "* you are not in the room; /join NAME joins it",
      "! invalid_name: a name of 0 characters is not one of 1 to 24",
      "* you joined as Bea; here: Bea",
      "Bea › heard",
      "* /leave  leave the room    /join NAME  join again    /who  who is here    /quit  end",
      "* not said: it has 501 characters, and 500 are the most",
    ]);
  });
});

describe("on a terminal", () => {
  test("prints what the others say above what is being typed, and not what stands there already", async () => {
    const ada = open("ada", chat.tcpUrl, true);
    await ada.shows("ada › ");
    const bob = await Guest.connect(chat.webSocketUrl);

    await bob.join("bob");
    await ada.shows("\u001b[1G\u001b[2K* bob joined\n");
    bob.room.say({ text: "hi \u001b[2Jthere\u0007\u202e" });
    await ada.shows("\u001b[1G\u001b[2Kbob › hi [2Jthere\n");
    ada.type("hello");
    expect(await bob.heard.next()).toBe("bob: hi \u001b[2Jthere\u0007\u202e");
    expect(await bob.heard.next()).toBe("ada: hello");
    await bob.room.leave();
    await ada.shows("* bob left\n");
    ada.type("/quit");

    expect(await ada.ended).toBe(0);
    expect(ada.written()).not.toContain("\u001b[2J");
    expect(ada.written()).not.toContain("ada › hello\n");
  });
});

describe("ends with 1", () => {
  test("when the server stops", async () => {
    const ada = open("ada", chat.tcpUrl, true);
    await ada.shows("you joined");

    await chat.stop();

    expect(await ada.ended).toBe(1);
    expect(ada.written()).toContain("! connection_lost: the server closed the connection");
  });

  test("when the server stops, though the input is still open", async () => {
    const bob = await Guest.connect(chat.tcpUrl);
    await bob.join("bob");
    const program = run(programs.path, "terminal", ["--name", "ada", "--url", chat.webSocketUrl]);
    expect(await bob.heard.next()).toBe("ada joined");

    await chat.stop();

    expect(await program.ended).toBe(1);
    expect(await program.stdout).toContain("! connection_lost: ");
  });

  test("when it is told to go", async () => {
    const server = createServer({
      components: [new Room()],
      listen: [tcp({ port: 0, host: "127.0.0.1" })],
      logger: silentLogger,
    });
    await server.start();
    const ada = open("ada", server.addresses[0]?.url ?? "", false);
    await ada.shows("you joined");

    server.sessions()[0]?.kick("enough \u001b[31mnow");

    expect(await ada.ended).toBe(1);
    expect(ada.written()).toContain("! kicked: the server told the client to go: enough [31mnow\n");
    await server.stop();
  });

  test("when the name is taken", async () => {
    const bob = await Guest.connect(chat.tcpUrl);
    await bob.join("ada");

    const ada = open("ada", chat.webSocketUrl, false);

    expect(await ada.ended).toBe(1);
    expect(ada.written()).toBe("! name_taken: somebody in the room is called ada already\n");
  });

  test("when there is no server, and no address", async () => {
    await chat.stop();
    const nobody = open("ada", chat.tcpUrl, false);
    const nowhere = open("ada", "http://127.0.0.1/", false);

    expect(await nobody.ended).toBe(1);
    expect(nobody.written()).toMatch(/^! connect_failed: .*ECONNREFUSED\n\* is the chat running there\?/);
    expect(await nowhere.ended).toBe(1);
    expect(nowhere.written()).toMatch(/^! invalid_url: /);
  });
});

test("says how it is used", async () => {
  const helped = run(programs.path, "terminal", ["--help"]);
  const nameless = run(programs.path, "terminal");
  const wrong = run(programs.path, "terminal", ["--nickname", "ada"]);

  expect(await helped.ended).toBe(0);
  expect(await helped.stdout).toMatch(/^Usage: npm run chat:terminal/);
  expect(await nameless.ended).toBe(2);
  expect(await nameless.stderr).toMatch(/^Usage: /);
  expect(await wrong.ended).toBe(2);
  expect(await wrong.stderr).toMatch(/^Unknown option '--nickname'/);
});

test("colours are for terminals, where NO_COLOR is not set", () => {
  expect(paintFor({ isTTY: true }, {})).toBe(colours);
  expect(paintFor({ isTTY: true }, { NO_COLOR: "" })).toBe(colours);
  expect(paintFor({ isTTY: true }, { NO_COLOR: "1" })).toBe(noColours);
  expect(paintFor({ isTTY: false }, {})).toBe(noColours);
  expect(paintFor({}, {})).toBe(noColours);
  expect(colours("red", "x")).toBe("\u001b[31mx\u001b[39m");
  expect(noColours("red", "x")).toBe("x");
});

test("a stranger's text cannot steer the terminal", () => {
  expect(printable("a\u001b]0;title\u0007b\u001b[31mc\r\nd\te\u0000\u009b2Jf\u202eg")).toBe("a]0;titleb[31mc d e2Jfg");
  expect(printable("Grüße 👨‍👩‍👧 שלום")).toBe("Grüße 👨‍👩‍👧 שלום");
});
