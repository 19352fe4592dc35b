import type { NodeInfo } from "../node-info.js";
import { toToken } from "./token.js";

/** A node that frames can be sent to. */
export interface Peer {
  readonly id: string;
  readonly incarnation: string;
  /** What it listens to. */
  readonly subject: string;
  /** Our number for it, in base 36. */
  readonly index: string;
  /** Goes up with each message to it: also from one peer of an id to the next, for the node itself may not know that it was gone. */
  sequence: number;
}

/** The nodes that frames can be sent to. */
export class Peers {
  readonly #cluster: string;
  readonly #byId = new Map<string, Peer>();
  readonly #byIndex = new Map<number, Peer>();
  #made = 0;
  /** The highest sequence of all that were removed. */
  #sequence = 0;

  constructor(cluster: string) {
    this.#cluster = cluster;
  }

  add({ id, incarnation }: NodeInfo): Peer {
    this.remove(id);
    this.#made++;
    const subject = nodeSubject(this.#cluster, id, incarnation);
    const peer: Peer = { id, incarnation, subject, index: this.#made.toString(36), sequence: this.#sequence };
    this.#byId.set(id, peer);
    this.#byIndex.set(this.#made, peer);
    return peer;
  }

  get(id: string): Peer | undefined {
    return this.#byId.get(id);
  }

  /** The one that has that number. */
  at(index: number): Peer | undefined {
    return this.#byIndex.get(index);
  }

  remove(id: string): void {
    const peer = this.#byId.get(id);
    if (peer !== undefined) {
      this.#sequence = Math.max(this.#sequence, peer.sequence);
      this.#byId.delete(id);
      this.#byIndex.delete(Number.parseInt(peer.index, 36));
    }
  }
}

/** What a node listens to. */
export function nodeSubject(cluster: string, id: string, incarnation: string): string {
  return `${cluster}.node.${toToken(id)}.${toToken(incarnation)}`;
}
