import type { ClusterDriver } from "nanowire";
import { type GrpcDriver, grpc } from "nanowire/grpc";
import { nats } from "nanowire/nats";
import { NanoDriver } from "./nano-driver.js";

/** What carries a cluster of the bench, as arguments name it; `nano` is grpc() between nodes that take each other for nano's. */
export type ClusterLink = "grpc" | "nano" | "nats";

/**
 * The driver of a node.
 *
 * @param link `grpc`, `nano` or `nats`
 * @param address the port of the master, or of NATS; undefined: this node is the master
 */
export function linkDriver(link: string | undefined, address: string | undefined): ClusterDriver {
  if (link === "nats") {
    return nats({ servers: `nats://127.0.0.1:${address}` });
  }
  const options = address === undefined ? { master: true } : { join: `127.0.0.1:${address}` };
  return link === "nano" ? new NanoDriver(options) : grpc(options);
}

/** Where a master listens, once it has started; 0 for a driver that has no such thing. */
export function masterPort(driver: ClusterDriver): number {
  const { address = "" } = driver as Partial<GrpcDriver>;
  return Number(address.split(":").at(-1));
}
