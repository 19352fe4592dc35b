import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { projectFiles } from "../../generator/scaffold/new-project.js";
import type { Server } from "../../runtime/server/server.js";
import { PageProgram } from "./support/page-program.js";
import { printedLines } from "./support/running-program.js";

const page = new PageProgram("docs/getting-started.md");
const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const text = read("docs/getting-started.md");
const blocks = (language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(([, block = ""]) => block);

test("each program is run here", () => {
  expect(page.count).toBe(3);
});

test("the .proto is the one that the code was generated from, and what init made is the rest of it", () => {
  const proto = read("test/generator/scenarios/counter/proto/counter/v1/counter.proto");
  const [service = "", message = ""] = blocks("proto");
  expect(proto).toContain(service);
  expect(proto).toContain(message);
  const [, added = ""] = /^( {2}\/\/ Tells who the client is\.[\s\S]*)^}$/m.exec(service) ?? [];
  const before = proto.replace(`\n${added}`, "").replace(`${message}\n`, "");
  expect(before).toBe(read("generator/scaffold/project/counter.proto.txt"));
});

test("the files that are told of are those that init makes", () => {
  const made: readonly string[] = Object.values(projectFiles);
  const told = [...text.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, path = ""]) => path),
  );
  const generated = ["generated/", "proto/routes.lock.json"];
  expect(told.filter((path) => !made.includes(path))).toEqual(generated);
  expect(made.filter((path) => /^(proto|src|test)\//.test(path) && !told.includes(path))).toEqual([]);
});

test("the client prints what is shown", async () => {
  const { Counter, createServer, ws } = await page.run<{
    Counter: new () => unknown;
    createServer: (options: object) => Server;
    ws: (options: object) => unknown;
  }>("class Counter", [], { more: 'export { createServer, ws } from "nanowire";' });
  const printed = printedLines();
  const server = createServer({ components: [new Counter()], listen: [ws({ host: "127.0.0.1", port: 0 })] });
  await server.start();
  onTestFinished(() => server.stop());
  await page.run("// client.ts", [], {
    instead: { "ws://127.0.0.1:3250": server.addresses[0]?.url ?? "" },
    more: "export {};",
  });
  const heard = printed.filter((line) => !line.startsWith("ada sets"));
  expect(`${heard.join("\n")}\n`).toBe(blocks("text").at(-1));
  expect(printed).toContain("ada sets the counter back");
});

test("the page's test passes", async () => {
  printedLines();
  const tests = await page.tests("startTestServer({ components");
  expect(tests.map(({ name }) => name)).toEqual(["who has signed in sets the counter back, and everybody is told"]);
  for (const { run } of tests) {
    await run();
  }
});
