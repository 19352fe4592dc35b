import { type ServerDuplexStream, status } from "@grpc/grpc-js";
import { NanowireError } from "../../base/error.js";
import type { NodeInfo } from "../node-info.js";
import { decodeNode } from "../node-json.js";
import type { MemberInfo } from "./clusterpb.js";
import { nanoNode } from "./nano-node.js";
import { Peer, type PeerSettings } from "./peer.js";
import { detailsOf, RpcClient, statusOf } from "./rpc-client.js";
import { frameHeaders, nodeService } from "./services.js";

/** A member of the master's list, as far as it is known. */
interface Known {
  member: MemberInfo;
  /** What it says of itself; undefined until it was asked. */
  node: NodeInfo | undefined;
  /** Its stream; undefined for one that speaks nano's protocol alone. */
  peer: Peer | undefined;
  /** It is being asked. */
  asking: Promise<void> | undefined;
}

/** How long a node that goes is listened to still, for what it had sent. */
const mostDrainMs = 500;

/**
 * The other nodes, as the master lists them: tells the host who comes, changes and goes, and keeps a stream to each. A member of whom the list does not say what node it is,
 * because it is nano's or because somebody between dropped what he did not know, is asked.
 */
export class Peers {
  readonly #settings: PeerSettings;
  readonly #selfAddress: string;
  /** By address. */
  readonly #known = new Map<string, Known>();
  /** By the node's id; those that go are here until they are gone. */
  readonly #byId = new Map<string, Known>();
  /** By the node's id: those that go. */
  readonly #going = new Map<string, () => void>();
  #isClosed = false;

  constructor(settings: PeerSettings, selfAddress: string) {
    this.#settings = settings;
    this.#selfAddress = selfAddress;
  }

  /** The ids of the members that speak nano's protocol alone. */
  get nanoNodes(): ReadonlySet<string> {
    const ids = [...this.#byId].filter(([, { peer }]) => peer === undefined).map(([id]) => id);
    return new Set(ids);
  }

  send(to: string, frame: Uint8Array): void {
    this.#byId.get(to)?.peer?.send(frame);
  }

  /**
   * Takes the master's list.
   *
   * @param reasons why members went, by their addresses, as far as it was told
   * @returns resolved when those that went have been listened to, and those that had to be asked were asked once
   */
  async sync(
    members: ReadonlyMap<string, MemberInfo>,
    reasons: ReadonlyMap<string, string> = new Map(),
  ): Promise<void> {
    const waits: (Promise<void> | undefined)[] = [];
    for (const [address, known] of [...this.#known]) {
      if (!members.has(address)) {
        this.#known.delete(address);
        waits.push(this.#leave(known, reasons.get(address) ?? "is no longer in the master's list"));
      }
    }
    for (const [address, member] of members) {
      if (address !== this.#selfAddress) {
        waits.push(this.#take(address, member));
      }
    }
    await Promise.all(waits);
  }

  /** Asks those again that have not answered. */
  ask(): void {
    for (const known of this.#known.values()) {
      if (known.node === undefined) {
        void this.#ask(known);
      }
    }
  }

  /** The addresses of those to whom there has been no stream for so many milliseconds: where no master says so, they are taken to be gone. */
  brokenFor(ms: number): string[] {
    return [...this.#known].flatMap(([address, { peer }]) =>
      peer !== undefined && peer.brokenForMs >= ms ? [address] : [],
    );
  }

  /** Takes a stream that another node opened, or refuses it. */
  accept(call: ServerDuplexStream<Uint8Array, Uint8Array>): void {
    const header = (name: string): string => String(call.metadata.get(name)[0] ?? "");
    const { self } = this.#settings;
    const known = this.#byId.get(header(frameHeaders.from));
    const isForSelf = header(frameHeaders.to) === self.id && header(frameHeaders.toIncarnation) === self.incarnation;
    const isKnown =
      known?.peer?.isOpenedByPeer === true && known.node?.incarnation === header(frameHeaders.fromIncarnation);
    if (this.#isClosed || !isForSelf || !isKnown) {
      call.on("error", () => {});
      call.emit("error", {
        code: status.FAILED_PRECONDITION,
        details: isForSelf ? "the node that calls is not in the list of members" : "this is another node",
      });
      return;
    }
    known.peer?.accept(call);
  }

  /** All that was sent goes out, and each stream ends behind it. Resolved when they have, or the time is over. */
  async end(timeoutMs: number): Promise<void> {
    const peers = [...this.#byId.values()].flatMap(({ peer }) => peer ?? []);
    const ended = Promise.all(peers.map((peer) => peer.idle().then(() => peer.end())));
    await Promise.race([
      ended,
      new Promise<void>((resolve) => void this.#settings.host.clock.after(timeoutMs, resolve)),
    ]);
  }

  /** All is closed; nobody is told. */
  close(): void {
    this.#isClosed = true;
    for (const { peer } of this.#byId.values()) {
      peer?.close();
    }
    this.#byId.clear();
    this.#known.clear();
    this.#going.clear();
  }

  #take(address: string, member: MemberInfo): Promise<void> | undefined {
    const known = this.#known.get(address);
    if (known === undefined) {
      const fresh: Known = { member, node: undefined, peer: undefined, asking: undefined };
      this.#known.set(address, fresh);
      return this.#read(fresh);
    }
    if (sameMember(known.member, member)) {
      return undefined;
    }
    known.member = member;
    return this.#read(known);
  }

  /** Learns what node a member is. */
  #read(known: Known): Promise<void> | undefined {
    const { member } = known;
    if (member.node.length === 0) {
      return this.#ask(known);
    }
    try {
      this.#learned(known, decodeNode(member.node));
    } catch (error) {
      this.#settings.host.logger.warn({ address: member.serviceAddr, error }, "a member of the cluster is left out");
    }
    return undefined;
  }

  #ask(known: Known): Promise<void> {
    known.asking ??= this.#describe(known).finally(() => {
      known.asking = undefined;
    });
    return known.asking;
  }

  async #describe(known: Known): Promise<void> {
    const { dialing, heartbeatIntervalMs, host } = this.#settings;
    const { serviceAddr } = known.member;
    const client = new RpcClient(serviceAddr, dialing);
    try {
      const bytes = await client.call(nodeService.Describe, {}, Math.min(1_000, 2 * heartbeatIntervalMs));
      this.#learned(known, decodeNode(bytes));
    } catch (error) {
      if (statusOf(error) === status.UNIMPLEMENTED) {
        this.#learned(known, nanoNode(known.member));
      } else {
        host.logger.debug({ address: serviceAddr, reason: detailsOf(error) }, "a member does not say what node it is");
      }
    } finally {
      client.close();
    }
  }

  #learned(known: Known, node: NodeInfo): void {
    const { self, host } = this.#settings;
    const { serviceAddr } = known.member;
    if (this.#isClosed || this.#known.get(serviceAddr) !== known) {
      return;
    }
    if (node.id === self.id) {
      host.logger.error({ node: node.id, address: serviceAddr }, "another member has this node's id: it is left out");
      return;
    }
    this.#going.get(node.id)?.();
    const former = this.#byId.get(node.id);
    if (former === known && known.node?.incarnation === node.incarnation) {
      known.node = node;
      if (known.peer !== undefined) {
        known.peer.info = node;
      }
      host.changed(node);
      return;
    }
    if (known.node !== undefined && known.node.id !== node.id) {
      this.#gone(known, "became another node");
    }
    former?.peer?.close();
    known.peer?.close();
    known.node = node;
    known.peer = node.protocol === 0 ? undefined : new Peer(node, serviceAddr, this.#settings);
    this.#byId.set(node.id, known);
    host.joined(node);
    known.peer?.start();
  }

  /** A member went: what it sent before is read still, then the host is told. */
  async #leave(known: Known, why: string): Promise<void> {
    const { node, peer } = known;
    if (node === undefined || this.#byId.get(node.id) !== known) {
      return;
    }
    await new Promise<void>((resolve) => {
      const cancel = this.#settings.host.clock.after(mostDrainMs, () => finish());
      const finish = (): void => {
        cancel();
        if (this.#going.get(node.id) === finish) {
          this.#going.delete(node.id);
          this.#gone(known, why);
        }
        resolve();
      };
      this.#going.set(node.id, finish);
      if (peer === undefined) {
        finish();
      } else {
        void peer.end().then(finish);
      }
    });
  }

  #gone(known: Known, why: string): void {
    const { node, peer } = known;
    if (node !== undefined && this.#byId.get(node.id) === known) {
      this.#byId.delete(node.id);
      peer?.close();
      this.#settings.host.left(node.id, new NanowireError("unavailable", `node ${node.id} ${why}`));
    }
  }
}

function sameMember(one: MemberInfo, other: MemberInfo): boolean {
  return (
    one.label === other.label &&
    one.services.join("\n") === other.services.join("\n") &&
    Buffer.compare(one.node, other.node) === 0
  );
}
