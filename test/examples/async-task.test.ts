import { execFile } from "node:child_process";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { type Server, silentLogger, ws } from "nanowire";
import { type ClientConnection, connect } from "nanowire/client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ScoresClient } from "../../examples/async-task/generated/scores/v1/scores.client.js";
import { createScores } from "../../examples/async-task/server.js";
import { bundledProgram } from "../support/bundled-program.js";
import { codeOf } from "./chat-fixture.js";

const demo = bundledProgram("examples/async-task/demo.ts", "examples/sqlite/worker.ts");
const program = bundledProgram("examples/sqlite/worker.ts");

let server: Server;
let connection: ClientConnection;
let scores: ScoresClient;

beforeEach(async () => {
  const logger = silentLogger;
  server = createScores([ws({ port: 0, host: "127.0.0.1" })], { games: 10, logger, program: pathToFileURL(program) });
  await server.start();
  connection = await connect(server.addresses[0]?.url ?? "");
  scores = new ScoresClient(connection);
});

afterEach(async () => {
  connection.close();
  await (server.health.live ? server.stop() : undefined);
});

test("the scene is as its script says, told in one run of the program", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [demo]);
  expect(stdout).toMatch(/ada stands: .*"players":1001[\s\S]+answered in this order: .*"the standing"\]$/m);
});

test("games count at once, and are there when the standing is counted", async () => {
  expect(await codeOf(scores.play({ points: 1 }))).toBe("unauthenticated");
  expect(await codeOf(scores.enter({ name: "ada'; DROP TABLE games" }))).toBe("invalid_name");
  await scores.enter({ name: "ada" });
  expect(await codeOf(scores.standing())).toBe("no_games");
  expect(await codeOf(scores.play({ points: 101 }))).toBe("invalid_points");
  expect(await scores.play({ points: 100 })).toEqual({ total: 100 });
  expect(await scores.standing()).toEqual({ rank: 1, players: 11, games: 11 });
});

test("a server that stops writes down what was played, and one that has stopped asks no more", async () => {
  const database = server.module("database");
  await scores.enter({ name: "ada" });
  await Promise.all(Array.from({ length: 50 }, () => scores.play({ points: 1 })));
  await server.stop();
  expect([database.pending, server.counters.failedTasks]).toEqual([0, 0]);
  expect(await codeOf(database.run("SELECT 1"))).toBe("unavailable");
});

test("what the database refuses is an error that says nothing of what it holds", async () => {
  const failed = server.module("database").run("SELECT * FROM secrets");
  await expect(failed).rejects.toMatchObject({
    code: "database_failed",
    message: "the database did not answer",
    cause: "no such table: secrets",
  });
});
