import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { onTestFinished } from "vitest";
import { eventually } from "../../../support/wait.js";

/** What somebody does who has a client of NATS, and no driver. */
export interface OpenBucket {
  readonly connection: NatsConnection;
  readonly kv: KV;
  /** Takes the bucket away. */
  destroy(): Promise<void>;
}

/** Connects to a server, and opens the bucket of a cluster, which a node has made. */
export async function openBucket(url: string, cluster = "nanowire"): Promise<OpenBucket> {
  const connection = await connect({ servers: url });
  onTestFinished(() => connection.close());
  const manager = await jetstreamManager(connection);
  await eventually(() => manager.streams.info(`KV_${cluster}`));
  const kv = await new Kvm(jetstream(connection)).open(cluster);
  return {
    connection,
    kv,
    destroy: async () => {
      await manager.streams.delete(`KV_${cluster}`);
    },
  };
}
