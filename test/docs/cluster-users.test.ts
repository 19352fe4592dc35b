import { expect, onTestFinished, test } from "vitest";
import { RoomClient, RoomEventsClient } from "../../generated/chat/v1/room.client.js";
import type { ClientConnection } from "../../runtime/client/client-connection.js";
import { connect } from "../../runtime/client/connect-node.js";
import type { Server } from "../../runtime/server/server.js";
import { Arrivals, eventually } from "../support/wait.js";
import { PageProgram } from "./support/page-program.js";
import { printedLines } from "./support/running-program.js";

const page = new PageProgram("docs/cluster-users.md");

interface Program {
  readonly north: Server;
  readonly south: Server;
  readonly office: Server;
  readonly tell: (uids: readonly string[], text: string) => number;
  readonly whereIs: (uid: string) => Promise<string>;
  readonly ban: (uid: string) => Promise<void>;
}

async function signIn(gate: Server, name: string): Promise<ClientConnection> {
  const connection = await connect(`ws://127.0.0.1:${gate.addresses[0]?.port}`);
  onTestFinished(() => connection.close());
  await new RoomClient(connection).join({ name });
  return connection;
}

test("each program is run here", () => {
  expect(page.count).toBe(1);
});

test("a node without clients tells users something, finds them, and sends them away; a second session takes the place of the first", async () => {
  const printed = printedLines();
  const names = ["north", "south", "office", "tell", "whereIs", "ban"];
  const { north, south, office, tell, whereIs, ban } = await page.run<Program>("class Door", names);
  for (const server of [north, south, office]) {
    onTestFinished(() => server.stop());
  }
  const [ada, bob] = [await signIn(north, "ada"), await signIn(south, "bob")];
  const heard = new Arrivals<string>();
  for (const connection of [ada, bob]) {
    new RoomEventsClient(connection).onSaid(({ text }) => heard.push(text));
  }
  // Nobody of them is known to the office: it asks.
  expect(tell(["ada", "bob", "eve"], "hello")).toBe(0);
  expect([await heard.next(), await heard.next()]).toEqual(["hello", "hello"]);
  expect([await whereIs("ada"), await whereIs("bob"), await whereIs("eve")]).toEqual(["north", "south", "nowhere"]);

  const kicked = new Arrivals<string>();
  ada.onClose((reason) => kicked.push(reason.message));
  await signIn(south, "ada");
  expect(await kicked.next()).toContain("signed in elsewhere");
  await eventually(async () => expect(await whereIs("ada")).toBe("south"));

  bob.onClose((reason) => kicked.push(reason.message));
  await ban("bob");
  expect(await kicked.next()).toContain("banned");
  await eventually(() => expect(printed).toContain("1 sessions of bob are gone"));
});
