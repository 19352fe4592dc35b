import { consoleLogger, ws } from "nanowire";
import { Hand, type Round } from "./generated/lobby/v1/lobby.js";
import { LobbyPlayer } from "./lobby-player.js";
import { createLobby } from "./server.js";

// Four players find each other and play; one of them leaves in the middle of a game.
const server = createLobby([ws({ port: 0, host: "127.0.0.1" })], consoleLogger("warn"));
await server.start();
const url = server.addresses[0]?.url ?? "";
const players = new Map<string, LobbyPlayer>();
try {
  for (const name of ["ada", "bob", "cyd", "dan"]) {
    players.set(name, await LobbyPlayer.enter(url, name));
  }
  const matches = await Promise.all(
    [...players.values()].map(async (player) => {
      const { room, opponent } = await player.seek();
      return `${player.name} and ${opponent} are in ${room}`;
    }),
  );
  tell(matches.sort().join("\n"));

  const ada = playerNamed("ada");
  const opponent = playerNamed(/ada and (\w+)/.exec(matches.join())?.[1] ?? "");
  for (const [hers, his] of [
    [Hand.ROCK, Hand.ROCK],
    [Hand.PAPER, Hand.ROCK],
    [Hand.SCISSORS, Hand.PAPER],
  ] as const) {
    const [round] = await Promise.all([ada.round(), opponent.round(), ada.show(hers), opponent.show(his)]);
    tell(textOf(round));
  }
  const { winner, standings } = await ada.result();
  tell(
    `${winner} wins: ${standings
      .map(({ name, rating }) => `${name} ${rating}`)
      .sort()
      .join(", ")}`,
  );

  const [leaver, stayer] = [...players.values()].filter((player) => player !== ada && player !== opponent);
  leaver?.leave();
  const forfeit = await stayer?.result();
  tell(`${leaver?.name} left, and ${forfeit?.winner} wins: ${forfeit?.forfeit}`);
} finally {
  for (const player of players.values()) {
    player.leave();
  }
  await server.stop();
}

function playerNamed(name: string): LobbyPlayer {
  const player = players.get(name);
  if (player === undefined) {
    throw new Error(`there is no ${name}`);
  }
  return player;
}

function textOf({ number, shown, winner }: Round): string {
  const hands = shown.map(({ name, hand }) => `${name} shows ${nameOf(hand)}`).sort();
  return `round ${number}: ${hands.join(", ")}; ${winner === "" ? "nobody wins" : `${winner} wins`}`;
}

function nameOf(hand: Hand): string {
  return (
    Object.entries(Hand)
      .find(([, value]) => value === hand)?.[0]
      .toLowerCase() ?? "nothing"
  );
}

function tell(text: string): void {
  process.stdout.write(`${text}\n`);
}
