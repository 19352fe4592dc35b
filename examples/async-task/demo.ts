import { consoleLogger, ws } from "nanowire";
import { connect } from "nanowire/client";
import { expect } from "../expect.js";
import { dictVersion } from "./generated/routes.js";
import { ScoresClient } from "./generated/scores/v1/scores.client.js";
import { createScores } from "./server.js";

// A player asks where she stands, and plays on while the database counts.
const server = createScores([ws({ port: 0, host: "127.0.0.1" })], { logger: consoleLogger("warn") });
await server.start();
const connection = await connect(server.addresses[0]?.url ?? "", { dictVersion });
try {
  const scores = new ScoresClient(connection);
  await scores.enter({ name: "ada" });
  expect("ada's first game", await scores.play({ points: 90 }), { total: 90 });

  const order: string[] = [];
  const standing = scores.standing().finally(() => order.push("the standing"));
  for (const [game, total] of [
    ["the second game", 170],
    ["the third game", 250],
  ] as const) {
    expect(game, await scores.play({ points: 80 }), { total });
    order.push(game);
  }
  expect("ada stands", await standing, { rank: 991, players: 1001, games: 300_001 });
  expect("answered in this order", order, ["the second game", "the third game", "the standing"]);
} finally {
  connection.close();
  await server.stop();
}
