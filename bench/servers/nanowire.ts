// What is measured: a server that echoes.
// The first argument is the transport: tcp or ws; the second one milliseconds between heartbeats, where it is not the default.

import type { Crowd } from "../generated/bench/v1/echo.js";
import { CrowdsComponent } from "../generated/bench/v1/echo.server.js";
import { benchServer } from "./bench-server.js";
import { Echo } from "./echo.js";
import { serve } from "./serve.js";

class Crowds extends CrowdsComponent {
  look(_session: unknown, request: Crowd): Crowd {
    return request;
  }
}

const [, , transport, heartbeatMs] = process.argv;
const options = heartbeatMs === undefined ? {} : { heartbeatIntervalMs: Number(heartbeatMs) };
const server = benchServer(transport, [new Echo(), new Crowds()], options);
await server.start();
serve(server.addresses[0]?.port ?? 0);
