// The yardstick of a broadcast: whatever arrives, bytes that are ready are written to every socket.
// Arguments: the transport, tcp or ws; how often they are told at once, which is one write a socket; the bytes, in hex.

import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { serve } from "./serve.js";

const [, , transport, timesText, hex = ""] = process.argv;
const packet = Buffer.from(hex, "hex");
const told = transport === "ws" ? Buffer.concat([Uint8Array.of(0x82, packet.length), packet]) : packet;
const joined = Buffer.concat(Array.from({ length: Number(timesText) }, () => told));
const sockets = new Set<Duplex>();

function enter(socket: Duplex): void {
  sockets.add(socket);
  socket.on("error", () => socket.destroy());
  socket.on("close", () => sockets.delete(socket));
  socket.write(told);
}

function tell(): void {
  for (const socket of sockets) {
    socket.write(joined);
  }
}

const server =
  transport === "ws"
    ? createHttpServer()
    : createServer({ noDelay: true }, (socket) => {
        enter(socket);
        socket.on("data", tell);
      });
const upgrades = new WebSocketServer({ noServer: true, perMessageDeflate: false });
server.on("upgrade", (request, socket, head) => {
  upgrades.handleUpgrade(request, socket, head, (webSocket) => {
    enter(socket);
    webSocket.on("message", tell);
  });
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
serve((server.address() as AddressInfo).port);
