// What is measured: a server as a user writes it, with default options but for the limits that keep one machine from being
// a thousand busy clients, and a logger that says nothing.
// The first argument is the transport: tcp or ws.

import { createServer, silentLogger, tcp, ws } from "nanowire";
import type { Blob, Crowd, Position } from "../generated/bench/v1/echo.js";
import { EchoComponent } from "../generated/bench/v1/echo.server.js";
import { serve } from "./serve.js";

class Echo extends EchoComponent {
  move(_session: unknown, request: Position): Position {
    return request;
  }

  ping(_session: unknown, request: Blob): Blob {
    return request;
  }

  look(_session: unknown, request: Crowd): Crowd {
    return request;
  }
}

const transport = process.argv[2] === "ws" ? ws : tcp;
const server = createServer({
  components: [new Echo()],
  listen: [transport({ port: 0, host: "127.0.0.1" })],
  logger: silentLogger,
  maxConnectionsPerAddress: 1_000_000,
  maxMessagesPerSecond: 1_000_000,
});
await server.start();
serve(server.addresses[0]?.port ?? 0);
