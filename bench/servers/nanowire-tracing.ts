// What is measured: a server that echoes, and is traced. The first argument is the transport, tcp or ws; the second one tells by whom: `off` by nobody, `idle` by OpenTelemetry without a
// provider, `sdk` by its SDK, which makes every span and exports none.

import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { openTelemetryTracing } from "nanowire/tracing";
import { benchServer } from "./bench-server.js";
import { Echo } from "./echo.js";
import { serve } from "./serve.js";

const [, , transport, tracing] = process.argv;
if (tracing === "sdk") {
  new NodeTracerProvider({
    spanProcessors: [{ onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {} }],
  }).register();
}
const server = benchServer(transport, [new Echo()], tracing === "off" ? {} : { tracing: openTelemetryTracing() });
await server.start();
serve(server.addresses[0]?.port ?? 0);
