import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { consoleLogger, type Server, ws } from "nanowire";
import { expect } from "../expect.js";
import { Reader } from "./reader.js";
import { createHistory } from "./server.js";

// Six talk; the server is stopped and another one started on the same file; who comes then reads what was said.
const folder = mkdtempSync(join(tmpdir(), "history-"));
let server = await start();
try {
  const names = ["ada", "bob", "cyd", "dan", "eve", "fay"];
  const readers = await Promise.all(names.map(enter));
  for (let line = 1; line <= 30; line++) {
    await readers[line % names.length]?.room.say({ text: `line ${line}` });
  }
  const ada = readers[0] as Reader;
  const { messages } = await ada.room.search({ text: "line 2" });
  expect(
    "with “line 2” in them",
    messages.map(({ text }) => text),
    [29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 2].map((line) => `line ${line}`),
  );
  await server.stop();

  server = await start();
  const gil = await enter("gil");
  const read = gil.messages.map(({ name, text }) => `${name}: ${text}`);
  expect("gil reads", [read.length, read[0], read[19], gil.more], [20, "fay: line 11", "ada: line 30", true]);
  await gil.readBack();
  expect("and what was before", [gil.messages.length, gil.messages[0]?.text, gil.more], [30, "line 1", false]);
  gil.leave();
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function start(): Promise<Server> {
  const made = createHistory([ws({ port: 0, host: "127.0.0.1" })], {
    file: join(folder, "messages.db"),
    logger: consoleLogger("warn"),
  });
  await made.start();
  return made;
}

function enter(name: string): Promise<Reader> {
  return Reader.enter(server.addresses[0]?.url ?? "", name);
}
