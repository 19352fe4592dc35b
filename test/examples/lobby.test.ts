import { execFile } from "node:child_process";
import { promisify } from "node:util";
import fc from "fast-check";
import { type Server, silentLogger, ws } from "nanowire";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ratingsAfter, winnerOf } from "../../examples/lobby/game.js";
import { Hand } from "../../examples/lobby/generated/lobby/v1/lobby.js";
import { LobbyPlayer } from "../../examples/lobby/lobby-player.js";
import { pair, type Seeker } from "../../examples/lobby/matchmaker.js";
import { createLobby } from "../../examples/lobby/server.js";
import { bundledProgram } from "../support/bundled-program.js";
import { codeOf } from "./chat-fixture.js";

const program = bundledProgram("examples/lobby/demo.ts");

describe("who plays whom", () => {
  const seekers = fc.array(
    fc.record({ rating: fc.integer({ min: 0, max: 3_000 }), since: fc.integer({ min: 0, max: 60_000 }) }),
    { maxLength: 40 },
  );
  const apart = (one: Seeker, other: Seeker) => Math.abs(one.rating - other.rating);
  const tolerance = (one: Seeker, other: Seeker) => 50 + (60_000 - Math.min(one.since, other.since)) / 20;

  test("is in one pair at the most, with somebody who is near enough for as long as they wait", () => {
    fc.assert(
      fc.property(seekers, (waiting) => {
        const pairs = pair(waiting, 60_000);
        expect(new Set(pairs.flat()).size).toBe(2 * pairs.length);
        for (const [one, other] of pairs) {
          expect(apart(one, other)).toBeLessThanOrEqual(tolerance(one, other));
        }
      }),
    );
  });

  test("is nobody only where nobody is near enough: those who wait longer go on to wait for others", () => {
    fc.assert(
      fc.property(seekers, (waiting) => {
        const paired = new Set(pair(waiting, 60_000).flat());
        const alone = waiting.filter((seeker) => !paired.has(seeker)).sort((left, right) => left.rating - right.rating);
        for (const [index, seeker] of alone.slice(1).entries()) {
          const before = alone[index] as Seeker;
          expect(apart(seeker, before)).toBeGreaterThan(50);
        }
      }),
    );
  });

  test("is the nearest, for whoever has waited longest", () => {
    const [old, near, far] = [
      { rating: 1_000, since: 0 },
      { rating: 1_040, since: 900 },
      { rating: 930, since: 900 },
    ];
    expect(pair([far, near, old], 1_000)).toEqual([[old, near]]);
    expect(pair([old, far], 0)).toEqual([]);
    expect(pair([old, far], 1_000)).toEqual([[old, far]]);
  });
});

test.each([
  [Hand.ROCK, Hand.SCISSORS, 0],
  [Hand.ROCK, Hand.PAPER, 1],
  [Hand.PAPER, Hand.SCISSORS, 1],
  [Hand.PAPER, Hand.PAPER, undefined],
  [Hand.UNSPECIFIED, Hand.ROCK, 1],
  [Hand.ROCK, Hand.UNSPECIFIED, 0],
  [Hand.UNSPECIFIED, Hand.UNSPECIFIED, undefined],
])("hand %i against %i: player %s wins", (one, other, winner) => {
  expect(winnerOf(one, other)).toBe(winner);
});

test("who beats somebody better gains more, and nobody goes below nothing", () => {
  expect(ratingsAfter(1_000, 1_000)).toEqual({ winner: 1_016, loser: 984 });
  expect(ratingsAfter(1_000, 1_400)).toEqual({ winner: 1_029, loser: 1_371 });
  expect(ratingsAfter(3_000, 3)).toEqual({ winner: 3_001, loser: 2 });
  expect(ratingsAfter(0, 0)).toEqual({ winner: 16, loser: 0 });
});

describe("the lobby", () => {
  let server: Server;
  let players: LobbyPlayer[];

  beforeEach(async () => {
    players = [];
    server = createLobby([ws({ port: 0, host: "127.0.0.1" })], silentLogger);
    await server.start();
  });

  afterEach(async () => {
    for (const player of players) {
      player.leave();
    }
    await server.stop();
  });

  async function enter(name: string): Promise<LobbyPlayer> {
    const player = await LobbyPlayer.enter(server.addresses[0]?.url ?? "", name);
    players.push(player);
    return player;
  }

  test("brings two together, and a room holds them until one has won twice", async () => {
    const [ada, bob] = [await enter("ada"), await enter("bob")];
    const [hers, his] = await Promise.all([ada.seek(), bob.seek()]);
    expect(hers).toEqual({ room: his.room, opponent: "bob", rating: 1_000 });
    expect(await codeOf(ada.lobby.seek())).toBe("in_game");
    expect(await codeOf(ada.show(7 as Hand))).toBe("invalid_hand");
    await ada.show(Hand.ROCK);
    expect(await codeOf(ada.show(Hand.ROCK))).toBe("shown_already");
    await bob.show(Hand.SCISSORS);
    expect(await bob.round()).toMatchObject({ number: 1, winner: "ada" });
    await Promise.all([ada.show(Hand.PAPER), bob.show(Hand.ROCK)]);
    const result = await bob.result();
    expect(result).toMatchObject({ winner: "ada", forfeit: false });
    expect(result.standings.toSorted((left, right) => right.rating - left.rating)).toEqual([
      { name: "ada", rating: 1_016 },
      { name: "bob", rating: 984 },
    ]);
    expect(await codeOf(ada.show(Hand.ROCK))).toBe("no_game");
    expect(await ada.result()).toEqual(result);
    // The next game has what the first has left.
    const [again] = await Promise.all([ada.seek(), bob.seek()]);
    expect(again.rating).toBe(984);
    await bob.room.leave();
    expect(await ada.result()).toMatchObject({ winner: "ada", forfeit: true });
  });

  test("lets a name in once, and again when its owner has gone", async () => {
    const ada = await enter("ada");
    expect(await codeOf(enter("ada"))).toBe("name_taken");
    expect(await codeOf(enter(" ada"))).toBe("invalid_name");
    ada.leave();
    await expect
      .poll(
        () =>
          enter("ada").then(
            () => "in",
            () => "out",
          ),
        { timeout: 20_000 },
      )
      .toBe("in");
  });

  test("forgets who waits no longer, or is gone", async () => {
    const [ada, bob, cyd] = [await enter("ada"), await enter("bob"), await enter("cyd")];
    expect(await ada.lobby.seek()).toEqual({ waiting: 1 });
    await ada.lobby.cancel();
    expect(await bob.lobby.seek()).toEqual({ waiting: 1 });
    expect((await cyd.seek()).opponent).toBe("bob");
    bob.leave();
    expect(await cyd.result()).toMatchObject({ winner: "cyd", forfeit: true });
  });
});

test("the demo ends by itself", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 25_000 });
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(9);
  expect(lines[4]).toMatch(/^round 1: ada shows rock, \w+ shows rock; nobody wins$/);
  expect(lines[7]).toMatch(/^ada wins: ada 1016, \w+ 984$/);
  expect(lines[8]).toMatch(/^\w+ left, and \w+ wins: true$/);
});
