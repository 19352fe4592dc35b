import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { type NatsOptions, nats } from "nanowire/nats";
import { onTestFinished } from "vitest";
import type { ClusterDriver } from "../../../../runtime/cluster/driver.js";
import type { NodeInfo } from "../../../../runtime/cluster/node-info.js";
import { KeptLog } from "../../../support/log.js";
import { until } from "../../../support/wait.js";
import { nodeInfo, WatchingHost } from "../../support/watching-host.js";
import { NatsServer, type NatsServerOptions } from "./nats-server.js";

/** A host that keeps its log, too. */
export class LoggingHost extends WatchingHost {
  override readonly logger = new KeptLog();
}

/** A node of this process. */
export interface JoinedNode {
  readonly driver: ClusterDriver;
  readonly host: LoggingHost;
  readonly info: NodeInfo;
  readonly number: number;
}

/** Timings with which tests do not wait for long, and which a slow machine still keeps. */
export const quick: NatsOptions = { heartbeatMs: 250, memberTtlMs: 2_000 };

/** Timings with which nobody notices what does not last, on a slow machine either. */
export const patient: NatsOptions = { memberTtlMs: 60_000, probeMs: 2_000 };

/** Starts a server, which ends with the test. */
export async function startNats(options: NatsServerOptions = {}): Promise<NatsServer> {
  const server = await NatsServer.start(options);
  onTestFinished(() => server.close());
  return server;
}

/** Starts servers that are one NATS, with one JetStream; they end with the test. */
export async function startNatsCluster(count: number, config = ""): Promise<NatsServer[]> {
  const ports = await freePorts(count);
  const routes = ports.map((port) => `nats://127.0.0.1:${port}`).join(", ");
  const servers = await Promise.all(
    ports.map((port, index) =>
      startNats({
        config: `server_name: s${index}\ncluster { name: test, listen: "127.0.0.1:${port}", routes: [${routes}] }\n${config}`,
      }),
    ),
  );
  await until(() =>
    servers.some(({ log }) => log.some((line) => line.includes("JetStream cluster new metadata leader"))),
  );
  return servers;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

/** Joins a node, which leaves with the test. */
export async function joinNode(id: string, options: NatsOptions, more: Partial<NodeInfo> = {}): Promise<JoinedNode> {
  const driver = nats(options);
  const host = new LoggingHost();
  const info = nodeInfo(id, more);
  onTestFinished(() => driver.leave());
  const { number } = await driver.join(info, host);
  return { driver, host, info, number };
}

/** Bytes of a text. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
