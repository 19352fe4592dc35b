// The yardstick over WebSocket: every message is sent back with ws's own `send`.

import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { serve } from "./serve.js";

const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
server.on("connection", (socket) => {
  socket.on("message", (data) => socket.send(data));
  socket.on("error", () => socket.terminate());
});
await once(server, "listening");
serve((server.address() as AddressInfo).port);
