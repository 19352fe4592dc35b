import { onTestFinished } from "vitest";
import { silentLogger } from "../../../../runtime/base/logger.js";
import { type GrpcDriver, grpc } from "../../../../runtime/cluster/grpc/grpc.js";
import { grpcMaster } from "../../../../runtime/cluster/grpc/grpc-master.js";
import type { GrpcOptions, GrpcServerOptions } from "../../../../runtime/cluster/grpc/grpc-options.js";
import type { NodeInfo } from "../../../../runtime/cluster/node-info.js";
import { nodeInfo, WatchingHost } from "../../support/watching-host.js";

/** A node in the test's own process. */
export interface TestNode {
  readonly driver: GrpcDriver;
  readonly host: WatchingHost;
  readonly info: NodeInfo;
  readonly number: number;
  /** Sends a text as a frame. */
  send(to: string, text: string): void;
}

/** A node that joins, and leaves when the test is over. */
export async function join(id: string, options: GrpcOptions, more: Partial<NodeInfo> = {}): Promise<TestNode> {
  const host = new WatchingHost();
  const driver = grpc(options);
  onTestFinished(() => driver.leave());
  const info = nodeInfo(id, more);
  const { number } = await driver.join(info, host);
  return { driver, host, info, number, send: (to, text) => driver.send(to, new TextEncoder().encode(text)) };
}

/** A master that hosts nothing, until the test is over. */
export async function startMaster(options: GrpcServerOptions = {}): Promise<string> {
  const master = grpcMaster({ ...options, logger: silentLogger });
  onTestFinished(() => master.stop());
  return await master.start();
}
