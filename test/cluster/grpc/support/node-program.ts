// A node in a process of its own: it is told what it is by its first argument, and tells its parent what its driver tells it.

import { systemClock } from "../../../../runtime/base/clock.js";
import { silentLogger } from "../../../../runtime/base/logger.js";
import type { ClusterHost } from "../../../../runtime/cluster/driver.js";
import { grpc } from "../../../../runtime/cluster/grpc/grpc.js";
import { grpcMaster } from "../../../../runtime/cluster/grpc/grpc-master.js";
import { nodeInfo } from "../../support/watching-host.js";
import type { ToParent, ToProgram } from "./node-process.js";

const { id, options } = JSON.parse(process.argv[2] ?? "") as { id: string | undefined; options: object };
const tell = (message: ToParent): void => void process.send?.(message);

// It does not outlive the tests.
process.on("disconnect", () => process.exit(0));

if (id === undefined) {
  tell({ kind: "ready", address: await grpcMaster({ ...options, logger: silentLogger }).start() });
} else {
  const host: ClusterHost = {
    logger: silentLogger,
    clock: systemClock,
    maxFrameBytes: 1_048_576,
    joined: (node) => tell({ kind: "told", text: `joined ${node.id}` }),
    changed: (node) => tell({ kind: "told", text: `changed ${node.id}` }),
    left: (node) => tell({ kind: "told", text: `left ${node}` }),
    unreachable: (node) => tell({ kind: "told", text: `unreachable ${node}` }),
    received: (from, frame) => tell({ kind: "frame", from, text: new TextDecoder().decode(frame) }),
    lost: () => tell({ kind: "told", text: "lost" }),
    rejoined: () => tell({ kind: "told", text: "rejoined" }),
  };
  const driver = grpc(options);
  process.on("message", async (message: ToProgram) => {
    if (message.kind === "send") {
      driver.send(message.to, new TextEncoder().encode(message.text));
    } else {
      await driver.leave();
      process.exit(0);
    }
  });
  await driver.join(
    nodeInfo(id, { incarnation: `${id}-${process.pid}`, services: [{ name: "Echo", methods: {} }] }),
    host,
  );
  tell({ kind: "ready", address: driver.address ?? "" });
}
