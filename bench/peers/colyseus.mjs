// Colyseus as its users write it: a room without a state, in which a message is answered with what came.

import { createServer } from "node:http";
import { Room, Server } from "@colyseus/core";
import { WebSocketTransport } from "@colyseus/ws-transport";
import { serve } from "./answer-parent.mjs";

class Echo extends Room {
  onCreate() {
    // The load takes all of its seats first.
    this.setSeatReservationTime(120);
    this.onMessage("move", (client, position) => client.send("move", position));
  }
}

const http = createServer();
const server = new Server({ transport: new WebSocketTransport({ server: http }), greet: false });
server.define("echo", Echo);
await server.listen(0, "127.0.0.1");
serve(http.address().port);
