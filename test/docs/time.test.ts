import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TickLoop } from "nanowire";
import type { startTestServer as StartTestServer } from "nanowire/testing";
import { expect, onTestFinished, test } from "vitest";
import { RoomClient } from "../../generated/chat/v1/room.client.js";
import type { Component } from "../../runtime/component/component.js";
import type { Module } from "../../runtime/component/module.js";
import type { Server } from "../../runtime/server/server.js";
import type { TestServer, TestServerOptions } from "../../runtime/testing/index.js";
import { eventually } from "../support/wait.js";
import { PageProgram } from "./support/page-program.js";
import { printedLines, runServer } from "./support/running-program.js";

const page = new PageProgram("docs/time.md");

interface Kit {
  readonly startTestServer: typeof StartTestServer;
}
const more = 'export { startTestServer } from "nanowire/testing";';

async function start(kit: Kit, options: Partial<TestServerOptions>): Promise<TestServer> {
  const server = await kit.startTestServer({ components: [], ...options });
  onTestFinished(() => server.stop());
  return server;
}

test("each program is run here", () => {
  expect(page.count).toBe(4);
});

test("a task is called soon; one may wait for something", async () => {
  const printed = printedLines();
  const asked: (string | undefined)[] = [];
  const service = createHttpServer((request, response) => {
    asked.push(request.url);
    response.end();
  }).listen(0, "127.0.0.1");
  await once(service, "listening");
  onTestFinished(() => void service.close().closeAllConnections());
  const { port } = service.address() as AddressInfo;
  const { server } = await runServer(page, "in the main loop", [], { instead: { "8080": String(port) } });
  await eventually(() => expect(asked).toEqual(["/ready"]));
  expect(printed).toEqual(["this comes first", "in the main loop"]);
  expect(server.counters.failedTasks).toBe(0);
});

test("a task that fails is counted, and does no harm", async () => {
  const printed = printedLines();
  // Nobody listens at port 1.
  const { server } = await runServer(page, "in the main loop", [], { instead: { "8080": "1" } });
  await eventually(() => expect(server.counters.failedTasks).toBe(1));
  expect(printed).toEqual(["this comes first", "in the main loop"]);
  expect(server.state).toBe("running");
});

test("at a table one thing is done after another; away from it sessions do not wait for each other", async () => {
  const printed = printedLines();
  const { Table, startTestServer } = await runServer<Kit & { Table: new () => Component }>(page, "table 7", ["Table"], {
    more,
  });
  const kit = await start({ startTestServer }, { components: [new Table()] });
  const rooms = [await kit.connect(), await kit.connect()].map(({ connection }) => new RoomClient(connection));
  const [ada, eve] = rooms as [RoomClient, RoomClient];
  await ada.join({ name: "ada" });
  await eve.join({ name: "eve" });
  expect(kit.server.sessions().map(({ queue }) => queue?.name)).toEqual(["table 7", "table 7"]);
  ada.say({ text: "a" });
  eve.say({ text: "b" });
  ada.say({ text: "c" });
  await eventually(() => expect(printed).toHaveLength(6));
  expect(printed.filter((_, index) => index % 2 === 0)).toEqual(
    printed.filter((_, index) => index % 2 === 1).map((line) => line.replace("saved", "saving")),
  );
  printed.length = 0;
  await kit.advance(60_000);
  await eventually(() => expect(printed).toEqual(["saving the score", "saved the score"]));
  printed.length = 0;

  await ada.leave();
  await eve.leave();
  ada.say({ text: "a" });
  eve.say({ text: "b" });
  await eventually(() => expect(printed).toEqual(["saving a", "saving b", "saved a", "saved b"]));
});

test("timers are called at their times", async () => {
  const printed = printedLines();
  const { Match, startTestServer } = await runServer<Kit & { Match: new () => Module & { ready: number } }>(
    page,
    "are ready",
    ["Match"],
    { more },
  );
  const match = new Match();
  const kit = await start({ startTestServer }, { modules: [{ name: "match", module: match } as never] });
  await kit.advance(3_000);
  expect(printed.splice(0)).toEqual(["1 s: 0 are ready", "2 s: 0 are ready", "hurry", "3 s: 0 are ready"]);
  match.ready = 4;
  await kit.advance(5_000);
  expect(printed.splice(0).filter((line) => line.endsWith("…"))).toEqual(["3 …", "2 …", "1 …"]);
  match.ready = 3;
  await kit.advance(200);
  match.ready = 4;
  await kit.advance(5_000);
  expect(printed.splice(0).filter((line) => line.endsWith("…"))).toEqual([]);

  // An hour, and then two in which the process stood still: one call makes up for all the seconds, each hour is made up for.
  await kit.advance(3_600_000 - kit.clock.steady());
  expect(printed.splice(0)).toContain("an hour's wages");
  kit.clock.stall(7_200_000);
  await kit.advance(0);
  expect(printed.splice(0).toSorted()).toEqual(["3601 s: 4 are ready", "an hour's wages", "an hour's wages"]);
});

test("a loop's steps are of a fixed length, and what it cannot make up for it gives up", async () => {
  const printed = printedLines();
  const { World, startTestServer } = await runServer<
    Kit & { World: new () => Module & { x: number; loop: TickLoop | undefined } }
  >(page, "Metres", ["World"], { more });
  const world = new World();
  const kit = await start({ startTestServer }, { modules: [{ name: "world", module: world } as never] });
  await kit.advance(60_000);
  expect(printed).toEqual(["a minute: 0 steps took too long, 0 were given up"]);
  expect([world.loop?.calls, Math.round(world.x)]).toEqual([1_200, 480]);
  kit.clock.stall(1_000);
  await kit.advance(0);
  expect([world.loop?.calls, world.loop?.missed]).toEqual([1_203, 17]);
});

test("the server's own time runs them too", async () => {
  const printed = printedLines();
  const { server } = await runServer<{ server: Server }>(page, "are ready");
  await eventually(() => expect(printed).toContain("1 s: 4 are ready"));
  expect(server.state).toBe("running");
});
