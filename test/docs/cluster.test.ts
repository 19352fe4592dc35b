import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { RoomClient, RoomEventsClient } from "../../generated/chat/v1/room.client.js";
import { connect } from "../../runtime/client/connect-node.js";
import { resolveClusterOptions } from "../../runtime/cluster/cluster-options.js";
import { MemoryNetwork } from "../../runtime/cluster/memory-network.js";
import type { Server } from "../../runtime/server/server.js";
import { eventually } from "../support/wait.js";
import { expectNumbers } from "./support/option-table.js";
import { PageProgram } from "./support/page-program.js";
import { printedLines } from "./support/running-program.js";

const page = new PageProgram("docs/cluster.md");

async function come(server: Server) {
  const connection = await connect(`ws://127.0.0.1:${server.addresses[0]?.port}`);
  onTestFinished(() => connection.close());
  return connection;
}

function stopLater(...servers: readonly Server[]): void {
  for (const server of servers) {
    onTestFinished(() => (server.health.live ? server.stop() : undefined));
  }
}

test("each program is run here", () => {
  expect(page.count).toBe(3);
});

test("a gate forwards the chat to a member: handlers and clients are as on one server", async () => {
  printedLines();
  const { gate, member } = await page.run<{ gate: Server; member: Server }>("new Room()", ["gate", "member"]);
  stopLater(gate, member);
  const [ada, eve] = [await come(gate), await come(gate)];
  const heard: string[] = [];
  new RoomEventsClient(ada).onSaid(({ name, text }) => void heard.push(`${name}: ${text}`));
  await new RoomClient(ada).join({ name: "ada" });
  expect(await new RoomClient(eve).join({ name: "eve" })).toEqual({ members: ["ada", "eve"] });
  new RoomClient(eve).say({ text: "hello" });
  await eventually(() => expect(heard).toEqual(["eve: hello"]));
  expect(gate.sessionsOf("eve")).toHaveLength(1);
  expect(member.sessionsOf("eve").map(({ gate: holder }) => holder)).toEqual(["gate-1"]);
  expect(gate.cluster?.others.map(({ id, services }) => [id, services.map(({ name }) => name)])).toEqual([
    ["room-1", ["Room"]],
  ]);
  await expect(new RoomClient(await come(gate)).leave()).rejects.toMatchObject({ code: "unauthenticated" });
});

test("a function chooses the node, and a program moves a session", async () => {
  printedLines();
  const { gate } = await page.run<{ gate: Server }>("gate-north", ["gate"]);
  stopLater(gate);
  await gate.start();
  expect(gate.cluster?.self).toMatchObject({ id: "gate-north", gate: true, labels: { zone: "north" } });
  // Nobody hosts the room: what a session is moved to is said to be missing, and that is logged; the client goes on.
  const ada = await come(gate);
  await expect(new RoomClient(ada).join({ name: "ada" })).rejects.toMatchObject({
    code: "unavailable",
    message: "no node hosts Room",
  });
});

test("a gate is told what went with a node", async () => {
  const printed = printedLines();
  const { gate } = await page.run<{ gate: Server }>("onVisitLost", ["gate"]);
  stopLater(gate);
  await gate.start();
  expect(gate.cluster?.self?.id).toMatch(/^[\w-]{1,64}$/);
  expect(printed).toEqual([]);
});

test("every option has its row, with the default and the limits that it has", () => {
  const options =
    readFileSync(new URL("../../docs/cluster.md", import.meta.url), "utf8").split("## Options of")[1] ?? "";
  const rows = [...options.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  const driver = new MemoryNetwork().driver();
  const told = catchMessage(() => resolveClusterOptions({ driver, colour: "red" } as never, []));
  expect(rows.toSorted()).toEqual(
    told
      .replace(/^.*there are /, "")
      .split(", ")
      .toSorted(),
  );
  const numbers = ["heartbeatMs", "maxUnackedBytes", "maxFrameBytes"];
  const numeric = options
    .split("\n")
    .filter((line) => !line.startsWith("| `silenceMs`"))
    .join("\n");
  expectNumbers(numeric, numbers, (given) => resolveClusterOptions({ driver, ...given }, []).link);
  expect(resolveClusterOptions({ driver }, []).link.silenceMs).toBe(5_000);
  expect(resolveClusterOptions({ driver, heartbeatMs: 4_000 }, []).link.silenceMs).toBe(8_000);
});

function catchMessage(task: () => unknown): string {
  try {
    task();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}
