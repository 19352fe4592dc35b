import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readOwnPackage } from "../../generator/read/package-root.js";
import type { BenchCase, Comparison } from "../comparison.js";
import { namedRequestPacket, responsePacket } from "../load/packets.js";
import { type LoadedServer, loadedServer } from "../side.js";
import { echoServers, position } from "./ping-pong.js";

/** What goes to and fro: {@link position}, as each server's own serializer writes it. */
const somewhere = { atMs: 1_700_000_000_000, x: 12.5, y: -3.25, name: "Thirteen long" };

const peerServers = {
  "socket.io": { title: "socket.io, an event that is acknowledged", transport: "ws", server: socketIo },
  colyseus: { title: "Colyseus, a message answered in a room", transport: "ws", server: colyseus },
  pinus: { title: "pinus, a request to a handler", transport: "tcp", server: pinus },
  uwebsockets: { title: "uWebSockets.js, decoded and encoded as ours", transport: "ws", server: uWebSockets },
} as const;

/** Other servers of Node at the same work. */
export const peers: BenchCase = {
  name: "peers",
  summary: "ping-pong of a message of four fields; against other servers, each with the serializer it comes with",
  missing: () =>
    existsSync(join(folder(), "node_modules")) ? undefined : "`npm run peers` installs the other servers",
  comparisons: (["socket.io", "colyseus", "pinus", "uwebsockets"] as const).flatMap((name) =>
    [1, 16].map((inFlight) => comparisonOf(name, inFlight)),
  ),
};

function comparisonOf(name: keyof typeof peerServers, inFlight: number): Comparison {
  const { title, transport, server } = peerServers[name];
  return {
    name: `${name}-${inFlight}`,
    title: `${title}, ${transport === "ws" ? "WebSocket" : "TCP"}, ${inFlight} in flight`,
    baseline: loadedServer(server(inFlight)),
    subject: loadedServer(echoServers(position, transport, inFlight).subject),
  };
}

function socketIo(inFlight: number): LoadedServer {
  const json = JSON.stringify(somewhere);
  const ids = Array.from({ length: inFlight }, (_, id) => id);
  return {
    name: "socket.io",
    ...started("socket-io.mjs"),
    load: {
      work: "ping-pong",
      transport: "ws",
      inFlight,
      format: "socket.io",
      requests: ids.map((id) => bytesOf(`42${id}["move",${json}]`)),
      answers: ids.map((id) => bytesOf(`43${id}[${json}]`)),
    },
  };
}

function colyseus(inFlight: number): LoadedServer {
  const message = Array.from({ length: inFlight }, () => roomMessage());
  return {
    name: "colyseus",
    ...started("colyseus.mjs"),
    load: {
      work: "ping-pong",
      transport: "ws",
      inFlight,
      format: "colyseus",
      requests: message,
      answers: message,
    },
  };
}

function pinus(inFlight: number): LoadedServer {
  const payload = bytesOf(JSON.stringify(somewhere));
  const ids = Array.from({ length: inFlight }, (_, index) => index + 1);
  return {
    name: "pinus",
    ...started("pinus.js"),
    load: {
      work: "ping-pong",
      transport: "tcp",
      inFlight,
      format: "packets",
      requests: ids.map((id) => namedRequestPacket(id, "connector.entryHandler.move", payload)),
      answers: ids.map((id) => responsePacket(id, payload)),
    },
  };
}

/** The same message in protobuf, in a frame and nothing else: what the echo of ws gets. */
function uWebSockets(inFlight: number): LoadedServer {
  const { load } = echoServers(position, "ws", inFlight).baseline;
  return { name: "uwebsockets", ...started("uwebsockets.mjs"), load };
}

/** ROOM_DATA, the type as a text, the message; both in MessagePack, numbers as 64-bit floats, as its serializer writes them. */
function roomMessage(): Uint8Array {
  const text = (value: string): Uint8Array => Uint8Array.of(0xa0 | value.length, ...bytesOf(value));
  const float = (value: number): Uint8Array => {
    const bytes = Buffer.alloc(9, 0xcb);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  };
  const fields = Object.entries(somewhere).flatMap(([name, value]) => [
    text(name),
    typeof value === "number" ? float(value) : text(value),
  ]);
  const mapOf16 = Uint8Array.of(0xde, 0, fields.length / 2);
  return Buffer.concat([Uint8Array.of(13), text("move"), mapOf16, ...fields]);
}

function started(file: string): Pick<LoadedServer, "server" | "env"> {
  return { server: pathToFileURL(join(folder(), file)), env: { NODE_ENV: "production" } };
}

function folder(): string {
  return join(readOwnPackage().root, "bench/peers");
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
