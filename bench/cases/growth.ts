import type { BenchCase, Comparison } from "../comparison.js";
import { requestPacket, responsePacket } from "../load/packets.js";
import { type LoadedServer, loadedServer, mostConnections } from "../side.js";
import { echoServers, position } from "./ping-pong.js";

/** A client asks a hundred routes, spread over all that there are, or those that there are again and again. */
const inFlight = 100;

/** What a message costs when there is more of everything. */
export const growth: BenchCase = {
  name: "growth",
  summary: "ping-pong with fewer and more connections, and with more routes; against Nanowire itself with fewer",
  comparisons: [
    connectionsOf("connections-tenth", "tcp", 1 / 10),
    connectionsOf("connections-tenfold", "tcp", 10),
    connectionsOf("ws-connections-tenth", "ws", 1 / 10),
    connectionsOf("ws-connections-tenfold", "ws", 10),
    routesOf(100),
    routesOf(1_000),
  ],
};

function connectionsOf(name: string, transport: "tcp" | "ws", factor: number): Comparison {
  const { subject } = echoServers(position, transport, 1);
  const times = (usual: number): number => Math.min(Math.max(Math.round(usual * factor), 1), mostConnections);
  return {
    name,
    title: `${transport === "tcp" ? "TCP" : "WebSocket"}, 1 in flight: ${factor < 1 ? "a tenth of" : "ten times"} the connections`,
    baseline: loadedServer({ ...subject, name: "as many" }),
    subject: loadedServer({ ...subject, name: factor < 1 ? "a tenth" : "ten times", connections: times }),
  };
}

function routesOf(count: number): Comparison {
  return {
    name: `routes-${count}`,
    title: `TCP, ${inFlight} in flight, spread over ${count} routes`,
    baseline: loadedServer(serverOf(10)),
    subject: loadedServer(serverOf(count)),
  };
}

function serverOf(count: number): LoadedServer {
  const { payload } = position;
  const ids = Array.from({ length: inFlight }, (_, index) => index + 1);
  return {
    name: `${count} routes`,
    server: "nanowire-routes.js",
    args: ["tcp", String(count)],
    load: {
      work: "ping-pong",
      transport: "tcp",
      inFlight,
      format: "packets",
      requests: ids.map((id) => requestPacket(id, 1 + ((id * Math.max(1, count / inFlight)) % count), payload)),
      answers: ids.map((id) => responsePacket(id, payload)),
    },
  };
}
