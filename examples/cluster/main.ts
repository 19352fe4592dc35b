import { parseArgs } from "node:util";
import { type ClusterDriver, consoleLogger } from "nanowire";
import { grpc } from "nanowire/grpc";
import { nats } from "nanowire/nats";
import { createNode, type Role } from "./node.js";

const usage = `Usage: node dist/examples/cluster/main.js --role gate|room|topic --id NAME (--master PORT | --join HOST:PORT | --nats URL)

  --role      what the node does
  --id        what it is called in the cluster
  --master    it keeps the list of nodes, over gRPC, at that port of 127.0.0.1; 0 takes a free one
  --join      where the node that does is
  --nats      the cluster is over NATS, at that URL
  --port      of a gate: the port of WebSocket; 0, the default, takes a free one
  --tcp-port  of a gate: the port of TCP; 0, the default, takes a free one
`;

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      role: { type: "string" },
      id: { type: "string" },
      master: { type: "string" },
      join: { type: "string" },
      nats: { type: "string" },
      port: { type: "string", default: "0" },
      "tcp-port": { type: "string", default: "0" },
    },
  });
  const { role, id } = values;
  if (role !== "gate" && role !== "room" && role !== "topic") {
    throw new Error(`--role ${role ?? ""} is not gate, room or topic`);
  }
  if (id === undefined) {
    throw new Error("--id is missing");
  }
  const node = createNode({
    role: role satisfies Role,
    id,
    driver: driverOf(values),
    logger: consoleLogger("warn"),
    port: Number(values.port),
    tcpPort: Number(values["tcp-port"]),
  });
  await node.start();
  node.stopOnSignals({ graceMs: 1_000 });
  for (const { transport, url } of node.addresses) {
    process.stdout.write(`${transport} ${url}\n`);
  }
  process.stdout.write(`ready ${id}\n`);
}

function driverOf({ master, join, nats: url }: { master?: string; join?: string; nats?: string }): ClusterDriver {
  if (url !== undefined) {
    return nats({ servers: url });
  }
  if (join !== undefined) {
    return grpc({ join });
  }
  if (master === undefined) {
    throw new Error("one of --master, --join and --nats is missing");
  }
  return grpc({ master: true, listen: `127.0.0.1:${master}` });
}
