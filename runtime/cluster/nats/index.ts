// `nanowire/nats`: a cluster over NATS. It needs the packages @nats-io/transport-node, @nats-io/jetstream and @nats-io/kv.

export { nats } from "./nats.js";
export type { NatsOptions, NatsTlsOptions } from "./nats-options.js";
