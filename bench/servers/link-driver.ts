import type { ClusterDriver } from "nanowire";
import { type GrpcDriver, grpc } from "nanowire/grpc";
import { nats } from "nanowire/nats";

/** What carries a cluster of the bench, as arguments name it. */
export type ClusterLink = "grpc" | "nats";

/**
 * The driver of a node.
 *
 * @param link `grpc` or `nats`
 * @param address the port of the master, or of NATS; undefined: this node is the master
 */
export function linkDriver(link: string | undefined, address: string | undefined): ClusterDriver {
  if (link === "nats") {
    return nats({ servers: `nats://127.0.0.1:${address}` });
  }
  return address === undefined ? grpc({ master: true }) : grpc({ join: `127.0.0.1:${address}` });
}

/** Where a master listens, once it has started; 0 for a driver that has no such thing. */
export function masterPort(driver: ClusterDriver): number {
  const { address = "" } = driver as Partial<GrpcDriver>;
  return Number(address.split(":").at(-1));
}
