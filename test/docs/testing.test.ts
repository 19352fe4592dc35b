import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { startTestServer } from "../../runtime/testing/index.js";
import { PageProgram } from "./support/page-program.js";

const page = new PageProgram("docs/testing.md");
const text = readFileSync(new URL("../../docs/testing.md", import.meta.url), "utf8");

/** A word of each program, and the tests that it has. */
const programs: readonly (readonly [string, readonly string[]])[] = [
  ["everybody hears", ["everybody hears what is said"]],
  [
    "clock.stall",
    [
      "the room speaks every ten minutes, and once for the time that it stood still",
      "who talks too much is not heard, until a second has passed",
      "a client that is silent is closed after two heartbeat intervals",
    ],
  ],
  [
    "pieceBytes",
    [
      "delay: an answer takes as long as both ways",
      "pieces: what arrives byte by byte is the same message",
      "cut: who loses the connection logs in again, and is heard",
      "a slow reader: who does not read is closed, and nobody else notices",
    ],
  ],
  ["cutAfter", ["who loses the connection while joining has joined all the same"]],
];

test("the room and every program that tests it are run here", () => {
  expect(page.count).toBe(1 + programs.length);
});

test.each(programs)("the tests of the program with %s succeed", async (words, names) => {
  const tests = await page.tests(words);
  expect(tests.map(({ name }) => name)).toEqual(names);
  for (const { run } of tests) {
    await run();
  }
});

test("every member of the kit is told", async () => {
  const server = await startTestServer({ components: [] });
  const client = await server.connect();
  for (const [of, thing] of [
    ["server", server],
    ["server.clock", server.clock],
    ["client", client],
  ] as const) {
    const told = new Set(
      text
        .slice(text.indexOf(`| \`${of}.\` |`))
        .split("\n\n", 1)[0]
        ?.match(/(?<=[`| ])\w+(?=[(`])/g),
    );
    const members = Object.getOwnPropertyNames(Object.getPrototypeOf(thing)).filter((name) => name !== "constructor");
    const internal = ["after", "every", "stepToNext"];
    expect(members.filter((name) => !told.has(name) && !internal.includes(name))).toEqual([]);
    expect(members.length).toBeGreaterThan(4);
  }
  await server.stop();
});
