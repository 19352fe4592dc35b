import { NanowireError } from "../../base/error.js";
import type { NodeInfo } from "../node-info.js";
import { parseNode } from "../node-json.js";

/** Whoever is told of the members. */
export interface MemberWatcher {
  joined(node: NodeInfo): void;
  changed(node: NodeInfo): void;
  left(id: string, reason: NanowireError): void;
  /** What lies in the bucket is not what it should be. */
  ignored(what: string): void;
}

/** What is known of a node. */
interface Member {
  /** Its last sign of life, and how much time had counted then; as long as it is not dead. */
  alive: { readonly incarnation: string; heardAt: number; writtenAt: number } | undefined;
  /** What it says of itself, as it was written, and as it was read. */
  info: { readonly text: string; readonly node: NodeInfo } | undefined;
  /** How much time had counted when it stopped to be alive. */
  goneAt: number;
}

/**
 * Who is in the cluster, by what comes from the bucket: a sign of life of each node every so often, and what it says of itself. A node is there when both are, and
 * speak of the same incarnation.
 *
 * Time is told by our own signs of life, which come the same way: who was not heard for longer than a while before our last one is dead. From one of ours to the next no
 * more counts than it should take: so nobody dies of a time in which we heard nothing at all, whoever was at fault.
 */
export class MemberList {
  readonly #ownId: string;
  readonly #ttlMs: number;
  readonly #longestBeatMs: number;
  readonly #watcher: MemberWatcher;
  readonly #members = new Map<string, Member>();
  readonly #told = new Map<string, { readonly text: string; readonly node: NodeInfo }>();
  #gathering = true;
  /** How much time has counted by our last sign of life, and when that came. */
  #counted = 0;
  #ownAt = Number.NEGATIVE_INFINITY;

  /**
   * @param ttlMs after how much silence a node is dead, in milliseconds
   * @param beatMs how often it shows that it is alive
   */
  constructor(ownId: string, ttlMs: number, beatMs: number, watcher: MemberWatcher) {
    this.#ownId = ownId;
    this.#ttlMs = ttlMs;
    this.#longestBeatMs = 1.5 * beatMs;
    this.#watcher = watcher;
  }

  /**
   * Whether a node is there, in that incarnation.
   *
   * @param writtenAt when our own sign of life was written, on the bucket's clock
   */
  isAlive(id: string, incarnation: string, writtenAt: number): boolean {
    const alive = this.#members.get(id)?.alive;
    return alive?.incarnation === incarnation && writtenAt - alive.writtenAt <= this.#ttlMs;
  }

  /**
   * All is about to be told anew, because the connection is another. Nothing is told until it has settled, and who was there has as long as
   * after a sign of life to show itself again.
   */
  gather(now: number): void {
    this.#gathering = true;
    for (const { alive } of this.#members.values()) {
      if (alive !== undefined) {
        alive.heardAt = this.#countedBy(now);
      }
    }
  }

  /**
   * Everything that was in the bucket has come.
   *
   * @param writtenAt when our own sign of life was written, on the bucket's clock: an entry of somebody new that was old by then is what a dead node left
   */
  settle(writtenAt: number): void {
    this.#gathering = false;
    for (const [id, member] of this.#members) {
      const { alive } = member;
      if (alive !== undefined && !this.#told.has(id) && writtenAt - alive.writtenAt > this.#ttlMs) {
        member.alive = undefined;
        member.goneAt = alive.heardAt;
      }
      this.#tell(id, member, () => leftReason(id));
    }
  }

  /**
   * A node shows that it is alive.
   *
   * @param now steady milliseconds
   * @param writtenAt the bucket's clock, in milliseconds
   */
  beat(id: string, incarnation: string, now: number, writtenAt: number): void {
    const member = this.#memberOf(id);
    if (member === undefined) {
      return;
    }
    const heardAt = this.#countedBy(now);
    if (member.alive?.incarnation === incarnation) {
      member.alive.heardAt = heardAt;
      member.alive.writtenAt = writtenAt;
      return;
    }
    member.alive = { incarnation, heardAt, writtenAt };
    this.#tell(id, member, () => gone(id, "was followed by another of that id"));
  }

  /** A node says something of itself. */
  info(id: string, text: string): void {
    const member = this.#memberOf(id);
    if (member === undefined || member.info?.text === text) {
      return;
    }
    const node = readNode(id, text);
    if (node === undefined) {
      this.#watcher.ignored(`what is said of node ${id} cannot be read`);
      return;
    }
    member.info = { text, node };
    this.#tell(id, member, () => leftReason(id));
  }

  /** A node has taken its sign of life away. */
  removed(id: string, now: number): void {
    const member = this.#members.get(id);
    if (member?.alive !== undefined) {
      member.alive = undefined;
      member.goneAt = this.#countedBy(now);
      this.#tell(id, member, () => leftReason(id));
    }
  }

  /**
   * Our own sign of life has come back: whoever was not heard for too long before it is dead.
   *
   * @param now steady milliseconds
   * @param forgetMs how long after its death what a node said is still kept
   */
  expire(now: number, forgetMs: number): void {
    const counted = this.#countedBy(now);
    this.#counted = counted;
    this.#ownAt = now;
    for (const [id, member] of this.#members) {
      const { alive, goneAt } = member;
      if (alive === undefined) {
        if (counted - goneAt > forgetMs) {
          this.#members.delete(id);
        }
      } else if (counted - alive.heardAt > this.#ttlMs) {
        member.alive = undefined;
        member.goneAt = counted;
        this.#tell(id, member, () => gone(id, `was silent for more than ${this.#ttlMs} ms`));
      }
    }
  }

  /** How much time has counted by a moment. */
  #countedBy(now: number): number {
    return this.#counted + Math.min(now - this.#ownAt, this.#longestBeatMs);
  }

  #memberOf(id: string): Member | undefined {
    if (id === this.#ownId) {
      return undefined;
    }
    const known = this.#members.get(id);
    if (known !== undefined) {
      return known;
    }
    if (this.#members.size >= mostMembers) {
      this.#watcher.ignored(`there are more than ${mostMembers} nodes`);
      return undefined;
    }
    const member: Member = { alive: undefined, info: undefined, goneAt: 0 };
    this.#members.set(id, member);
    return member;
  }

  /** Tells what is other than what was told before. */
  #tell(id: string, { alive, info }: Member, reason: () => NanowireError): void {
    if (this.#gathering) {
      return;
    }
    const there = alive !== undefined && info?.node.incarnation === alive.incarnation ? info : undefined;
    const told = this.#told.get(id);
    if (told !== undefined && told.node.incarnation !== there?.node.incarnation) {
      this.#told.delete(id);
      this.#watcher.left(id, reason());
    }
    if (there !== undefined && this.#told.get(id)?.text !== there.text) {
      const known = this.#told.has(id);
      this.#told.set(id, there);
      if (known) {
        this.#watcher.changed(there.node);
      } else {
        this.#watcher.joined(there.node);
      }
    }
  }
}

/** Four times as many as there are numbers for. */
const mostMembers = 4_096;

function leftReason(id: string): NanowireError {
  return gone(id, "left the cluster");
}

function gone(id: string, how: string): NanowireError {
  return new NanowireError("unavailable", `node ${id} ${how}`);
}

/** What a node says of itself; undefined where it is no such thing, or another's. */
function readNode(id: string, text: string): NodeInfo | undefined {
  try {
    const node = parseNode(text);
    return node.id === id ? node : undefined;
  } catch {
    return undefined;
  }
}
