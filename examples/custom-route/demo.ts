import type { Server } from "nanowire";
import { type ClientConnection, connect } from "nanowire/client";
import { grpc } from "nanowire/grpc";
import { expect } from "../expect.js";
import { createGate } from "./gate.js";
import { MatchClient } from "./generated/match/v1/match.client.js";
import { dictVersion } from "./generated/routes.js";
import { createMatchNode } from "./match-node.js";

// Four nodes in one process, so that the scene is short; over gRPC, as if each had a machine of its own.
const started: Server[] = [];
const players: ClientConnection[] = [];
try {
  const driver = grpc({ master: true });
  const gate = createGate(driver);
  await start(gate);
  const join = driver.address ?? "";
  for (const [id, zone] of [
    ["north-1", "north"],
    ["south-1", "south"],
    ["finals-1", "finals"],
  ] as const) {
    await start(createMatchNode(id, zone, grpc({ join })));
  }
  const url = gate.addresses[0]?.url ?? "";
  const [ada, bob] = [await enter(url, "north"), await enter(url, "south")];

  await expectPlay("ada, of the north, plays", ada, { node: "north-1", rounds: 1 });
  await expectPlay("bob, of the south, plays", bob, { node: "south-1", rounds: 1 });
  await expectPlay("ada plays again, and stays where she was", ada, { node: "north-1", rounds: 2 });
  expect("bob asks for the finals", await bob.advance({}), { node: "finals-1" });
  await expectPlay("bob plays there, and his rounds came along", bob, { node: "finals-1", rounds: 2 });
} finally {
  for (const player of players) {
    player.close();
  }
  for (const server of started.reverse()) {
    await server.stop();
  }
}

async function start(server: Server): Promise<void> {
  await server.start();
  started.push(server);
}

/** Connects a player, whose handshake says of which zone he is. */
async function enter(url: string, zone: string): Promise<MatchClient> {
  const connection = await connect(url, { dictVersion, user: { zone } });
  players.push(connection);
  return new MatchClient(connection);
}

async function expectPlay(what: string, player: MatchClient, expected: object): Promise<void> {
  expect(what, await player.play({ move: 1 }), expected);
}
