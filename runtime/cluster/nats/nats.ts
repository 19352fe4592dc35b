import type { ClusterDriver } from "../driver.js";
import { NatsDriver } from "./nats-driver.js";
import { type NatsOptions, resolveNatsOptions } from "./nats-options.js";

/**
 * A driver that carries a cluster over NATS: frames cross as plain messages, and the list of members lies in a bucket of JetStream's key-value store. It needs
 * nats-server 2.9 or newer, with JetStream: `nats-server -js`. docs/cluster-nats.md tells what it survives, and within what time.
 *
 * @throws NanowireError `invalid_option`
 */
export function nats(options: NatsOptions = {}): ClusterDriver {
  return new NatsDriver(resolveNatsOptions(options));
}
