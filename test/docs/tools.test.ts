import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { Room } from "../../examples/chat/room.js";
import type { ClientConnection } from "../../runtime/client/client-connection.js";
import { createServer } from "../../runtime/server/server.js";
import { tcp } from "../../runtime/transport/tcp.js";
import { Project } from "../generator/support/project.js";
import { PageProgram } from "./support/page-program.js";
import { printedLines } from "./support/running-program.js";

const proto = (path: string): string => readFileSync(new URL(`../../proto/${path}`, import.meta.url), "utf8");

test("docs/tools.md: a call by nothing but a route's name", async () => {
  const printed = printedLines();
  const project = new Project({
    "proto/chat/v1/room.proto": proto("chat/v1/room.proto"),
    "proto/routes.lock.json": proto("routes.lock.json"),
  });
  await project.generate("--descriptors", "protocol.json");
  const server = createServer({ components: [new Room()], listen: [tcp({ host: "127.0.0.1", port: 0 })] });
  await server.start();
  onTestFinished(() => server.stop());
  const page = new PageProgram("docs/tools.md");
  expect(page.count).toBe(1);
  const { connection } = await page.run<{ connection: ClientConnection }>("protocol.json", ["connection"], {
    instead: { "3251": String(server.addresses[0]?.port), "protocol.json": `${project.directory}/protocol.json` },
  });
  connection.close();
  expect(printed).toEqual(["{ members: [ 'ada' ] }"]);
});
