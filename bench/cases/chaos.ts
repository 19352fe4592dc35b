import type { Carrier } from "../chaos/node-settings.js";

/** A cluster that is not spared. */
export interface ChaosCase {
  readonly name: string;
  readonly kind: "chaos";
  readonly summary: string;
  readonly comparisons: readonly { readonly name: Carrier["kind"]; readonly title: string }[];
}

/** What a cluster must stand: nodes that die, stand still and leave, under load. */
export const chaos: ChaosCase = {
  name: "chaos",
  kind: "chaos",
  summary: "a cluster of processes under load, to which faults happen at random: each costs what was under way there",
  comparisons: [
    { name: "grpc", title: "over gRPC: gates, members and the master are killed, stand still and drain" },
    { name: "nats", title: "over NATS: gates, members and NATS are killed, stand still and drain" },
  ],
};
