import type { startTestServer as StartTestServer } from "nanowire/testing";
import { expect, onTestFinished, test } from "vitest";
import { RoomClient, RoomEventsClient } from "../../generated/chat/v1/room.client.js";
import type { ClientConnection } from "../../runtime/client/client-connection.js";
import type { Component } from "../../runtime/component/component.js";
import { eventually } from "../support/wait.js";
import { PageProgram } from "./support/page-program.js";
import { printedLines, runServer } from "./support/running-program.js";

const page = new PageProgram("docs/groups.md");

interface Kit {
  readonly startTestServer: typeof StartTestServer;
}
const more = 'export { startTestServer } from "nanowire/testing";';

/** What a client is told from now on: who joined, and what is said by whom. */
function heardBy(connection: ClientConnection): string[] {
  const heard: string[] = [];
  const events = new RoomEventsClient(connection);
  events.onJoined(({ name }) => void heard.push(`${name} came`));
  events.onSaid(({ name, text }) => void heard.push(`${name}: ${text}`));
  return heard;
}

test("each program is run here", () => {
  expect(page.count).toBe(3);
});

test("all but the one who comes are told; all hear what is said; who leaves and who is gone hears nothing", async () => {
  printedLines();
  const { server, come } = await runServer(page, "are too slow");
  const [ada, eve, kim] = [await come(), await come(), await come()];
  const [byAda, byEve] = [heardBy(ada), heardBy(eve)];
  await new RoomClient(ada).join({ name: "ada" });
  await new RoomClient(eve).join({ name: "eve" });
  expect(await new RoomClient(kim).join({ name: "kim" })).toEqual({ members: ["ada", "eve", "kim"] });
  new RoomClient(eve).say({ text: "hello" });
  await eventually(() => expect(byEve).toEqual(["kim came", "eve: hello"]));
  await eventually(() => expect(byAda).toEqual(["eve came", "kim came", "eve: hello"]));
  await expect(new RoomClient(ada).join({ name: "ada" })).rejects.toMatchObject({ code: "already_member" });
  await new RoomClient(ada).leave();
  await expect(new RoomClient(ada).leave()).rejects.toMatchObject({ code: "not_a_member" });
  kim.close();
  await eventually(() => expect(server.sessions()).toHaveLength(2));
  const lea = await come();
  expect(await new RoomClient(lea).join({ name: "lea" })).toEqual({ members: ["eve", "lea"] });
  await eventually(() => expect(byEve).toEqual(["kim came", "eve: hello", "lea came"]));
  expect(byAda).toHaveLength(3);
});

test("the sender knows how many are too slow, and nobody else notices", async () => {
  const printed = printedLines();
  const { Room, startTestServer } = await runServer<Kit & { Room: new () => Component }>(
    page,
    "are too slow",
    ["Room"],
    { more },
  );
  const kit = await startTestServer({ components: [new Room()], maxOutboxBytes: 4_096 });
  onTestFinished(() => kit.stop());
  const [ada, eve] = [await kit.connect(), await kit.connect({ conditions: { windowBytes: 0 } })];
  const byAda = heardBy(ada.connection);
  await new RoomClient(ada.connection).join({ name: "ada" });
  await new RoomClient(eve.connection).join({ name: "eve" });
  await kit.settled();
  eve.stopReading();
  for (let said = 0; said < 20; said++) {
    new RoomClient(ada.connection).say({ text: "hello ".repeat(60) });
    await kit.settled();
  }
  expect(printed).toEqual(["1 are too slow, and go"]);
  expect(byAda).toHaveLength(1 + 20);
  expect(kit.server.counters.closed).toMatchObject({ outbox_overflow: 1 });
});

test("a push goes to a session, sessions, a part of a group, users, everyone", async () => {
  printedLines();
  const { come } = await runServer(page, "#listening");
  const [ada, eve, kim, screen, stranger] = [await come(), await come(), await come(), await come(), await come()];
  const heard = [ada, eve, kim, screen, stranger].map(heardBy) as [string[], string[], string[], string[], string[]];
  const rooms = [ada, eve, kim, screen].map((connection) => new RoomClient(connection));
  const members: (readonly string[])[] = [];
  for (const [index, name] of ["ada", "eve", "kim", "eve"].entries()) {
    members.push((await (rooms[index] as RoomClient).join({ name })).members);
  }
  expect(members.at(-1)).toEqual(["4 of 4 listen"]);
  await eventually(() => expect(heard[3]).toEqual(["you came"]));
  await eventually(() => expect(heard[0]).toEqual(["you came", "eve came", "kim came"]));
  await eventually(() => expect(heard[1]).toEqual(["you came", "kim came", "you, elsewhere came"]));
  for (const of of heard) {
    of.length = 0;
  }

  await rooms[2]?.leave();
  rooms[1]?.say({ text: "hello" });
  rooms[1]?.say({ text: "!spam" });
  await eventually(() => expect(heard[0]).toEqual(["eve: hello", "eve: !spam"]));
  await eventually(() => expect(heard[2]).toEqual(["eve: !spam"]));
  rooms[0]?.say({ text: "be nice" });
  await eventually(() => expect(heard[4]).toEqual(["ada: be nice"]));
  await eventually(() => expect(heard[1]).toEqual(["ada: be nice"]));
  await eventually(() => expect(heard[3]).toEqual(["eve: hello", "ada: be nice"]));
  // A part is no list: who comes later is in it, and who is away is not.
  const late = new RoomClient(await come());
  expect(await late.join({ name: "lea" })).toEqual({ members: ["4 of 5 listen"] });
});

test("a table handles what its members say, and is closed when nobody has sat at it for a minute", async () => {
  const printed = printedLines();
  const { Tables, startTestServer } = await page.run<Kit & { Tables: new () => Component }>("#tables", ["Tables"], {
    more,
  });
  const kit = await startTestServer({ components: [new Tables()] });
  onTestFinished(() => kit.stop());
  const [ada, eve, kim] = [await kit.connect(), await kit.connect(), await kit.connect()];
  const [byAda, byKim] = [heardBy(ada.connection), heardBy(kim.connection)];
  const rooms = [ada, eve, kim].map(({ connection }) => new RoomClient(connection)) as [
    RoomClient,
    RoomClient,
    RoomClient,
  ];
  await rooms[0].join({ name: "7" });
  expect((await rooms[1].join({ name: "7" })).members).toHaveLength(2);
  await rooms[2].join({ name: "8" });
  byAda.length = 0;
  byKim.length = 0;
  rooms[1].say({ text: "my turn" });
  await kit.settled();
  const [, second] = kit.server.sessions();
  expect([byAda, byKim]).toEqual([[`${second?.id}: my turn`], []]);
  expect(second?.queue?.name).toBe("7");

  await rooms[0].leave();
  eve.connection.close();
  await kit.advance(50_000);
  await rooms[0].join({ name: "7" });
  await kit.advance(50_000);
  expect(printed).toEqual([]);
  await rooms[0].leave();
  await kit.advance(59_999);
  expect(printed).toEqual([]);
  await kit.advance(1);
  expect(printed).toEqual(["table 7 is closed"]);
  expect((await rooms[0].join({ name: "7" })).members).toHaveLength(1);
});
