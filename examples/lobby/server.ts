import { createServer, type Logger, type Server, type Transport } from "nanowire";
import { Lobby } from "./lobby.js";
import { Players } from "./player.js";
import { Rooms } from "./rooms.js";

/** Makes a server with a lobby. */
export function createLobby(listen: readonly Transport[], logger?: Logger): Server {
  const players = new Players();
  const rooms = new Rooms(players);
  const components = [new Lobby(players, rooms), rooms];
  return createServer({ components, listen, ...(logger === undefined ? {} : { logger }) });
}
