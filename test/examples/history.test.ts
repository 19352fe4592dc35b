import { execFile } from "node:child_process";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { type Server, silentLogger, ws } from "nanowire";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Reader } from "../../examples/history/reader.js";
import { createHistory } from "../../examples/history/server.js";
import { bundledProgram } from "../support/bundled-program.js";
import { eventually } from "../support/wait.js";
import { codeOf } from "./chat-fixture.js";

const demo = bundledProgram("examples/history/demo.ts", "examples/sqlite/worker.ts");
const program = bundledProgram("examples/sqlite/worker.ts");

let server: Server;
let readers: Reader[];

beforeEach(async () => {
  readers = [];
  server = createHistory([ws({ port: 0, host: "127.0.0.1" })], {
    logger: silentLogger,
    program: pathToFileURL(program),
  });
  await server.start();
});

afterEach(async () => {
  for (const reader of readers) {
    reader.leave();
  }
  await server.stop();
});

async function enter(name: string): Promise<Reader> {
  const reader = await Reader.enter(server.addresses[0]?.url ?? "", name);
  readers.push(reader);
  return reader;
}

const texts = (reader: Reader): string[] => reader.messages.map(({ text }) => text);

test("the scene is as its script says: what was said outlives the server", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [demo]);
  expect(stdout).toMatch(/gil reads: \[20,[\s\S]+and what was before: \[30,"line 1",false\]$/m);
});

test("everybody has everything once, in order, whenever he came", async () => {
  const ada = await enter("ada");
  const said = ["one", "two", "three", "four", "five"];
  // Bob comes in the middle: what he hears and what he reads overlap.
  const talk = Promise.all(said.map((text) => ada.room.say({ text })));
  const bob = await enter("bob");
  await talk;
  await eventually(() => expect([texts(ada), texts(bob)]).toEqual([said, said]));
  expect(bob.messages.map(({ id, name }) => [id, name])).toEqual(said.map((_, index) => [BigInt(index + 1), "ada"]));
  expect([ada.more, bob.more]).toEqual([false, false]);
});

test("words are searched as they are, and what nobody may say is refused", async () => {
  const ada = await enter("ada");
  for (const text of ["100 % sure", "100 of us", "a_b", "a\\b", "'; DROP TABLE messages; --"]) {
    await ada.room.say({ text });
  }
  const found = async (text: string): Promise<string[]> =>
    (await ada.room.search({ text })).messages.map((message) => message.text);
  expect(await found("100 %")).toEqual(["100 % sure"]);
  expect(await found("100")).toEqual(["100 of us", "100 % sure"]);
  expect([await found("_"), await found("\\")]).toEqual([["a_b"], ["a\\b"]]);
  expect(await found("drop table")).toHaveLength(1);
  expect(await codeOf(ada.room.search({ text: "" }))).toBe("invalid_search");
  expect(await codeOf(enter("a b"))).toBe("invalid_name");
});

test("a text has 1 to 250 characters", async () => {
  const ada = await enter("ada");
  for (const [text, told] of [
    ["", "not 0"],
    ["   ", "not 0"],
    ["x".repeat(251), "not 251"],
  ] as const) {
    const message = expect.stringContaining(told);
    await expect(ada.room.say({ text })).rejects.toMatchObject({ code: "invalid_text", message });
  }
});
