// What is measured: a server that echoes, and tells its metrics to Prometheus. They are read every five seconds, three times as often as Prometheus does by itself.
// The first argument is the transport: tcp or ws.

import { prometheus } from "nanowire/prometheus";
import { benchServer } from "./bench-server.js";
import { Echo } from "./echo.js";
import { serve } from "./serve.js";

const readEveryMs = 5_000;

const reporter = prometheus({ port: 0 });
const server = benchServer(process.argv[2], [new Echo()], { metrics: { reporters: [reporter] } });
await server.start();
setInterval(() => void reporter.registry.metrics(), readEveryMs).unref();
serve(server.addresses[0]?.port ?? 0);
