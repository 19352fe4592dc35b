import type { ClusterDriver, ClusterHost, Joined, NodeInfo } from "nanowire";
import { type GrpcDriver, grpc } from "nanowire/grpc";
import { nanoNode } from "../../runtime/cluster/grpc/nano-node.js";
import type { Peer } from "../../runtime/cluster/peer.js";
import type { PeerVoice } from "../../runtime/cluster/peer-voice.js";

/** What a node says beside, so that the others know where nano's calls reach it. */
const addressLabel = "bench.address";

/**
 * grpc() between nodes of ours that take each other for nano's: what another node says of itself is hidden from the cluster, which is told what a Go node would
 * have said. So all that they say to each other goes in nano's calls, though the driver keeps its stream beside.
 */
export class NanoDriver implements ClusterDriver {
  readonly name = "grpc";
  readonly #driver: GrpcDriver;
  readonly #told = new Set<string>();

  constructor(options: Parameters<typeof grpc>[0]) {
    this.#driver = grpc(options);
  }

  get address(): string | undefined {
    return this.#driver.address;
  }

  async join(node: NodeInfo, host: ClusterHost): Promise<Joined> {
    const joined = await this.#driver.join(node, this.#hidingFrom(host));
    await this.#driver.update(this.#withAddress(node));
    return joined;
  }

  update(node: NodeInfo): Promise<void> {
    return this.#driver.update(this.#withAddress(node));
  }

  send(to: string, frame: Uint8Array): void {
    this.#driver.send(to, frame);
  }

  foreign(node: NodeInfo, peer: Peer): PeerVoice {
    const { foreign } = this.#driver as ClusterDriver;
    if (foreign === undefined) {
      throw new Error("grpc() speaks with no nodes of nano's");
    }
    return foreign.call(this.#driver, node, peer);
  }

  leave(): Promise<void> {
    return this.#driver.leave();
  }

  #withAddress(node: NodeInfo): NodeInfo {
    return { ...node, labels: { ...node.labels, [addressLabel]: this.address ?? "" } };
  }

  /** The host, which hears of a node when its address is known. */
  #hidingFrom(host: ClusterHost): ClusterHost {
    const seen = (node: NodeInfo): void => {
      const address = node.labels[addressLabel];
      if (address !== undefined && !this.#told.has(node.id)) {
        this.#told.add(node.id);
        host.joined(asNano(node, address));
      }
    };
    return {
      logger: host.logger,
      clock: host.clock,
      maxFrameBytes: host.maxFrameBytes,
      joined: seen,
      changed: seen,
      left: (id, reason) => {
        this.#told.delete(id);
        host.left(id, reason);
      },
      unreachable: (id, reason) => host.unreachable(id, reason),
      received: (from, frame) => host.received(from, frame),
      lost: (reason) => host.lost(reason),
      rejoined: (joined) => host.rejoined(joined),
    };
  }
}

/** What a node of nano's says of itself at most, under the id that the driver knows it by. */
function asNano({ id, services }: NodeInfo, serviceAddr: string): NodeInfo {
  const names = services.map(({ name }) => name);
  const member = { label: id, serviceAddr, services: names, node: new Uint8Array(0) };
  return { ...nanoNode({ ...member, numberAndOne: 0, heartbeatIntervalMs: 0 }), id };
}
