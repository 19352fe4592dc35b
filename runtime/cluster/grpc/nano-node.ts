import type { NodeInfo } from "../node-info.js";
import type { MemberInfo } from "./clusterpb.js";

/**
 * A member that speaks nano's protocol alone, as a node: its protocol is 0, so that no node of ours speaks to it in frames. Which routes its services have it does not
 * say. Its id is made of its address; the labels `nano.address` and `nano.label` have what it says of itself.
 */
export function nanoNode({ label, serviceAddr, services }: MemberInfo): NodeInfo {
  return {
    id: `nano-${serviceAddr.replace(/[^\w-]/g, "-")}`.slice(0, 64),
    incarnation: "",
    protocol: 0,
    gate: false,
    services: services.map((name) => ({ name, methods: {} })),
    remotes: [],
    draining: false,
    labels: { [addressLabel]: serviceAddr, "nano.label": label },
  };
}

/** The label that has the node's address. */
export const addressLabel = "nano.address";
