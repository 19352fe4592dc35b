// What is measured: a server that echoes.
// The first argument is the transport: tcp or ws.

import type { Blob, Crowd, Position } from "../generated/bench/v1/echo.js";
import { EchoComponent } from "../generated/bench/v1/echo.server.js";
import { benchServer } from "./bench-server.js";
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

const server = benchServer(process.argv[2], [new Echo()]);
await server.start();
serve(server.addresses[0]?.port ?? 0);
