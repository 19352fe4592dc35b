import { type ClusterNode, clusterProtocol } from "./cluster-node.js";
import { keyWeight, nodeSeed } from "./key-weight.js";
import type { NodeInfo } from "./node-info.js";
import type { Peer } from "./peer.js";

/** A node that holds clients. */
export interface Gate {
  readonly id: string;
  /** The way to it; undefined: it is this node itself. */
  readonly peer: Peer | undefined;
  /** Its id's part of the hash that a user's keeper is found by. */
  readonly seed: number;
}

/** The gates of a cluster, as a node sees them at one moment. */
export class Gates {
  /** In the order of their ids. */
  readonly all: readonly Gate[];
  /** The same for all nodes that see the same gates, and hardly ever for others. */
  readonly digest: number;

  constructor(node: ClusterNode) {
    const { info } = node;
    const here = info?.gate === true ? [{ info, peer: undefined }] : [];
    const others = node.peers.flatMap((peer) => (isGate(peer.info) ? [{ info: peer.info, peer }] : []));
    const gates = [...here, ...others].sort((left, right) => (left.info.id < right.info.id ? -1 : 1));
    this.all = gates.map((gate) => ({ id: gate.info.id, peer: gate.peer, seed: nodeSeed(gate.info.id) }));
    this.digest = nodeSeed(gates.map((gate) => `${gate.info.id} ${gate.info.incarnation}`).join("\n")) >>> 0;
  }

  /** The gate that keeps who a user's sessions are, the same one as long as there are the same gates; undefined: there is no gate. */
  keeperOf(uid: string): Gate | undefined {
    let keeper: Gate | undefined;
    let most = -1;
    for (const gate of this.all) {
      const weight = keyWeight(uid, gate.seed);
      // They are in the order of their ids: of two that weigh the same, all nodes take the first.
      if (weight > most) {
        keeper = gate;
        most = weight;
      }
    }
    return keeper;
  }
}

function isGate(info: NodeInfo | undefined): info is NodeInfo {
  return info?.gate === true && info.protocol === clusterProtocol;
}
