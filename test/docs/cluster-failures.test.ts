import { expect, onTestFinished, test } from "vitest";
import { RoomClient } from "../../generated/chat/v1/room.client.js";
import type { RoomComponent } from "../../generated/chat/v1/room.server.js";
import { connect } from "../../runtime/client/connect-node.js";
import type { MemoryNetwork } from "../../runtime/cluster/memory-network.js";
import type { createServer, Server } from "../../runtime/server/server.js";
import { eventually } from "../support/wait.js";
import { PageProgram } from "./support/page-program.js";
import { printedLines } from "./support/running-program.js";

const page = new PageProgram("docs/cluster-failures.md");

/** What the page's program names, and the modules that it is made of. */
interface Program {
  readonly gate: Server;
  readonly network: MemoryNetwork;
  readonly createServer: typeof createServer;
  readonly RoomComponent: typeof RoomComponent;
}

test("a gate lets its sessions go from a member that drains", async () => {
  printedLines();
  expect(page.count).toBe(1);
  const names = ["gate", "network", "createServer", "RoomComponent"];
  const { gate, network, ...made } = await page.run<Program>("draining", names);
  class Room extends made.RoomComponent {
    readonly #node: string;

    constructor(node: string) {
      super();
      this.#node = node;
    }

    override join() {
      return { members: [this.#node] };
    }

    override say() {}

    override leave() {}
  }
  const member = (id: string) =>
    made.createServer({ components: [new Room(id)], listen: [], cluster: { driver: network.driver(), id } });
  const nodes = new Map(["room-1", "room-2"].map((id) => [id, member(id)]));
  for (const server of [...nodes.values(), gate]) {
    await server.start();
    onTestFinished(() => (server.health.live ? server.stop() : undefined));
  }
  const connection = await connect(`ws://127.0.0.1:${gate.addresses[0]?.port}`);
  onTestFinished(() => connection.close());
  const room = new RoomClient(connection);
  const [first = ""] = (await room.join({ name: "ada" })).members;
  expect(await room.join({ name: "ada" })).toEqual({ members: [first] });
  const draining = nodes.get(first)?.drain({ graceMs: 60_000 });
  await eventually(() => expect(gate.cluster?.node(first)?.draining).toBe(true));
  expect(await room.join({ name: "ada" })).toEqual({ members: [first === "room-1" ? "room-2" : "room-1"] });
  connection.close();
  await draining;
});
