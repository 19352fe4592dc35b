// socket.io as its users write it: an event that is acknowledged with what came. WebSocket only, as the load speaks it.

import { once } from "node:events";
import { createServer } from "node:http";
import { Server } from "socket.io";
import { serve } from "./answer-parent.mjs";

const http = createServer();
const io = new Server(http, { transports: ["websocket"], serveClient: false });
io.on("connection", (socket) => {
  socket.on("move", (position, acknowledge) => acknowledge(position));
});
http.listen(0, "127.0.0.1");
await once(http, "listening");
serve(http.address().port);
