import { NanowireError } from "../../base/error.js";
import type { ClusterDriver, ClusterHost, Joined } from "../driver.js";
import type { NodeInfo } from "../node-info.js";
import type { Peer } from "../peer.js";
import type { PeerVoice } from "../peer-voice.js";
import { GrpcNode } from "./grpc-node.js";
import { type GrpcOptions, type ResolvedGrpcOptions, resolveGrpcOptions } from "./grpc-options.js";

/** A driver over gRPC. */
export interface GrpcDriver extends ClusterDriver {
  /** Where the others reach the node, `host:port`. Undefined while it is not in the cluster. */
  readonly address: string | undefined;
  /** The ids of the members that speak nano's protocol alone. The host is told of them as nodes of protocol 0. */
  readonly nanoNodes: ReadonlySet<string>;
}

/**
 * A cluster over gRPC, with no server to install: one node is the master, which keeps the list of members, and every two nodes have a stream. The services are nano's, and
 * ours beside them: Go nano's nodes can be in the same cluster.
 *
 * @throws NanowireError `invalid_option`
 */
export function grpc(options: GrpcOptions): GrpcDriver {
  return new Grpc(resolveGrpcOptions(options));
}

class Grpc implements GrpcDriver {
  readonly name = "grpc";
  readonly #options: ResolvedGrpcOptions;
  #node: GrpcNode | undefined;

  constructor(options: ResolvedGrpcOptions) {
    this.#options = options;
  }

  get address(): string | undefined {
    return this.#node?.address;
  }

  get nanoNodes(): ReadonlySet<string> {
    return this.#node?.nanoNodes ?? new Set();
  }

  async join(info: NodeInfo, host: ClusterHost): Promise<Joined> {
    if (this.#node !== undefined) {
      throw new NanowireError("invalid_state", "grpc: the driver is in a cluster already; each node needs its own");
    }
    const node = new GrpcNode(info, host, this.#options);
    this.#node = node;
    try {
      return await node.join();
    } catch (error) {
      if (this.#node === node) {
        this.#node = undefined;
      }
      throw error;
    }
  }

  async update(info: NodeInfo): Promise<void> {
    if (this.#node === undefined) {
      throw new NanowireError("cluster_failed", "grpc: the node is in no cluster");
    }
    await this.#node.update(info);
  }

  send(to: string, frame: Uint8Array): void {
    this.#node?.send(to, frame);
  }

  /** @internal */
  foreign(info: NodeInfo, peer: Peer): PeerVoice {
    if (this.#node === undefined) {
      throw new NanowireError("invalid_state", "grpc: the node is in no cluster");
    }
    return this.#node.foreign(info, peer);
  }

  async leave(): Promise<void> {
    const node = this.#node;
    this.#node = undefined;
    await node?.leave();
  }
}
