// A member in a process of its own: `node program grpc|nats <where>`. It hosts a room, which asks the bank at the gate; asked by its parent, it tells the spans that it has made.

import { trace } from "@opentelemetry/api";
import { createServer, type RemoteCaller, silentLogger } from "nanowire";
import { grpc } from "nanowire/grpc";
import { nats } from "nanowire/nats";
import { openTelemetryTracing } from "nanowire/tracing";
import { LedgerRemoteClient } from "../../generator/scenarios/remote/expected/generated/bank.server.js";
import { components, pushOf } from "../../support/service.js";
import { SpanRecorder } from "./span-recorder.js";

const [, , driver = "", where = ""] = process.argv;
const recorder = new SpanRecorder();
const said = pushOf("Room.Said", 9);

// It does not outlive the tests.
process.on("disconnect", () => process.exit(0));

const [room] = components({
  Room: {
    Buy: async (session, account) => {
      const span = trace.getTracer("shop").startSpan("SELECT price");
      await new Promise((resolve) => void setImmediate(resolve));
      span.end();
      const { balance } = await new LedgerRemoteClient(server.cluster as RemoteCaller).add({
        account,
        amount: { cents: 5n },
      });
      session.push(said, account);
      return String(balance?.cents);
    },
    Fail: () => Promise.reject(new Error("the disk is gone")),
  },
});
const server = createServer({
  components: room === undefined ? [] : [room],
  listen: [],
  logger: silentLogger,
  cluster: { driver: driver === "grpc" ? grpc({ join: where }) : nats({ servers: where }), id: "room" },
  tracing: openTelemetryTracing(),
});
process.on("message", () => process.send?.(recorder.spans));
await server.start();
process.send?.("ready");
