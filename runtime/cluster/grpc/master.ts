import { randomInt, randomUUID } from "node:crypto";
import { status } from "@grpc/grpc-js";
import type { CancelTimer, Clock } from "../../base/clock.js";
import type { Logger } from "../../base/logger.js";
import type { NodeInfo } from "../node-info.js";
import { decodeNode } from "../node-json.js";
import { parseAddress } from "./address.js";
import {
  type HeartbeatRequest,
  type HeartbeatResponse,
  type MemberGone,
  type MemberInfo,
  type MemberList,
  otherList,
  sameList,
  unknownMember,
} from "./clusterpb.js";
import { MemberTeller, type Teller } from "./member-teller.js";
import type { MemberChange } from "./member-view.js";
import { probe } from "./probe.js";
import { Refusal } from "./refusal.js";
import { type Dialing, RpcClient, statusOf } from "./rpc-client.js";
import { nodeService } from "./services.js";

/** A member that is no longer one, as `onUnregister` is told. */
export interface UnregisteredMember {
  /** Where its gRPC server was reached, `host:port`. */
  readonly address: string;
  /** Its label; empty where it has none. */
  readonly label: string;
  /** The names of the services that it hosted. */
  readonly services: readonly string[];
  /** Its id; undefined for a member that speaks nano's protocol alone. */
  readonly id: string | undefined;
  /** Why it is gone: it left, or was silent for too long. */
  readonly reason: string;
}

/** What a master needs. */
export interface MasterSettings {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly dialing: Dialing;
  /** Milliseconds between two heartbeats of a member that says nothing of its own. */
  readonly nanoHeartbeatIntervalMs: number;
  /** Milliseconds between two looks at who is silent. */
  readonly heartbeatIntervalMs: number;
  readonly onUnregister: ((member: UnregisteredMember) => void) | undefined;
}

interface Entry {
  member: MemberInfo;
  /** Undefined for a member that speaks nano's protocol alone. */
  node: NodeInfo | undefined;
  readonly number: number | undefined;
  readonly teller: Teller;
  /** It sits in the master's own process, and has no heartbeat. */
  readonly isLocal: boolean;
  /** Its registering is answered: before, it gets the list, and is told of no change. */
  isReady: boolean;
  heardAtMs: number;
}

/** After how many of its intervals a silent member is gone. */
export const mostMissedHeartbeats = 4;

/** How many numbers there are for nodes. */
const numbers = 1_024;
/** How many members a master takes, those of nano's among them. */
const mostMembers = 4_096;

/**
 * The list of members, which nano's service of the master keeps. Whoever cannot be told of a change does not hinder the others: our nodes learn from the answer to their
 * next heartbeat, nano's are told again.
 */
export class Master {
  /** Tells this list from that of a master that was here before. */
  readonly incarnation = randomUUID();
  readonly #settings: MasterSettings;
  readonly #entries = new Map<string, Entry>();
  #version = 0;
  #checkedAtMs: number;
  readonly #cancelCheck: CancelTimer;

  constructor(settings: MasterSettings) {
    this.#settings = settings;
    this.#checkedAtMs = settings.clock.steady();
    this.#cancelCheck = settings.clock.every(settings.heartbeatIntervalMs, () => this.#check());
  }

  /**
   * Adds the node of this process.
   *
   * @returns the list, without the node itself
   */
  addLocal(member: MemberInfo, teller: Teller): MemberList {
    const entry = this.#entryOf(member, decodeNode(member.node), teller, true);
    void this.#add(entry);
    entry.isReady = true;
    return this.#listFor(entry);
  }

  /** What the node of this process says of itself has changed. */
  updateLocal(member: MemberInfo): void {
    const entry = this.#entries.get(member.serviceAddr);
    if (entry !== undefined) {
      void this.#update(entry, member, decodeNode(member.node));
    }
  }

  /**
   * A member is there. Resolved when the others were told, as far as they listen.
   *
   * @throws Refusal when what it says of itself cannot be, or another member has its address or id and is alive
   */
  async register(given: MemberInfo | undefined): Promise<MemberList> {
    const member = assertMember(given);
    const node = nodeOf(member);
    for (let attempt = 0; attempt < 8; attempt++) {
      const former = this.#entries.get(member.serviceAddr);
      // Who of nano's registers is a process that has begun: it has no session of the one before.
      const isSame = node !== undefined && former?.node?.incarnation === node.incarnation;
      if (former !== undefined && isSame && !former.isLocal) {
        former.heardAtMs = this.#settings.clock.steady();
        await this.#update(former, member, node);
        former.isReady = true;
        return this.#listFor(former);
      }
      const rival =
        former ?? [...this.#entries.values()].find((entry) => node !== undefined && entry.node?.id === node.id);
      if (rival === undefined) {
        return this.#admit(member, node);
      }
      await this.#judge(rival, member);
    }
    throw new Refusal(status.UNAVAILABLE, `others register as ${member.serviceAddr} at the same time`);
  }

  /** A member goes. Resolved when the others were told, as far as they listen. */
  async unregister({ serviceAddr, incarnation }: MemberGone): Promise<void> {
    const entry = this.#entries.get(serviceAddr);
    // The farewell of a process that is gone may come when its successor has registered.
    const isFormer = incarnation !== "" && entry?.node?.incarnation !== incarnation;
    if (entry === undefined || isFormer) {
      throw new Refusal(status.NOT_FOUND, `no member has registered as ${serviceAddr}`);
    }
    await this.#remove(entry, "left the cluster");
  }

  /** A member is there still. */
  async heartbeat(request: HeartbeatRequest): Promise<HeartbeatResponse> {
    const member = assertMember(request.member);
    const entry = this.#entries.get(member.serviceAddr);
    const node =
      entry !== undefined && Buffer.compare(entry.member.node, member.node) === 0 ? entry.node : nodeOf(member);
    if (entry === undefined || entry.node?.incarnation !== node?.incarnation) {
      if (node === undefined && entry === undefined) {
        // nano's members do not register again when a master is new: it learns of them here, and they of all others.
        await this.#admitSilently(member);
      }
      return { members: [], incarnation: this.incarnation, version: 0, numberAndOne: 0, outcome: unknownMember };
    }
    entry.heardAtMs = this.#settings.clock.steady();
    void this.#update(entry, member, node);
    const list = this.#listFor(entry);
    return request.incarnation === this.incarnation && request.version === list.version
      ? { ...list, members: [], outcome: sameList }
      : { ...list, outcome: otherList };
  }

  /** The master ends, and with it the node in its process: the others are told of that. */
  async close(): Promise<void> {
    this.#cancelCheck();
    const local = [...this.#entries.values()].find(({ isLocal }) => isLocal);
    if (local !== undefined) {
      await this.#remove(local, "left the cluster");
    }
    for (const { teller } of this.#entries.values()) {
      teller.close();
    }
    this.#entries.clear();
  }

  async #admit(member: MemberInfo, node: NodeInfo | undefined): Promise<MemberList> {
    if (this.#entries.size >= mostMembers) {
      throw new Refusal(status.RESOURCE_EXHAUSTED, `there are ${mostMembers} members, as many as the master takes`);
    }
    const entry = this.#entryOf(member, node, this.#tellerOf(member, node === undefined), false);
    await this.#add(entry);
    entry.isReady = true;
    return this.#listFor(entry);
  }

  async #admitSilently(member: MemberInfo): Promise<void> {
    const { members } = await this.#admit(member, undefined);
    const teller = this.#entries.get(member.serviceAddr)?.teller;
    for (const other of members) {
      const { serviceAddr } = other;
      void teller?.tell({ incarnation: this.incarnation, version: this.#version, serviceAddr, member: other }, "");
    }
  }

  #entryOf(member: MemberInfo, node: NodeInfo | undefined, teller: Teller, isLocal: boolean): Entry {
    const number = node === undefined ? undefined : this.#freeNumber(member.numberAndOne - 1);
    const numbered = { ...member, numberAndOne: number === undefined ? 0 : number + 1 };
    const heardAtMs = this.#settings.clock.steady();
    return { member: numbered, node, number, teller, isLocal, isReady: false, heardAtMs };
  }

  #tellerOf({ serviceAddr }: MemberInfo, isNano: boolean): Teller {
    const { dialing, logger, heartbeatIntervalMs } = this.#settings;
    return new MemberTeller(serviceAddr, isNano, dialing, Math.min(1_000, 2 * heartbeatIntervalMs), logger);
  }

  /** One that it had before, or any: after a restart those that come first are not to get what others have still. */
  #freeNumber(wanted: number): number {
    const taken = new Set([...this.#entries.values()].map(({ number }) => number));
    if (wanted >= 0 && wanted < numbers && !taken.has(wanted)) {
      return wanted;
    }
    const free = Array.from({ length: numbers }, (_, number) => number).filter((number) => !taken.has(number));
    if (free.length === 0) {
      throw new Refusal(status.RESOURCE_EXHAUSTED, `there are ${numbers} nodes, as many as have numbers`);
    }
    return free[randomInt(free.length)] as number;
  }

  #add(entry: Entry): Promise<void> {
    const { member } = entry;
    this.#entries.set(member.serviceAddr, entry);
    this.#settings.logger.info({ address: member.serviceAddr, node: entry.node?.id }, "a member registered");
    return this.#tellOthers(entry, member, "");
  }

  async #update(entry: Entry, given: MemberInfo, node: NodeInfo | undefined): Promise<void> {
    const former = entry.member;
    const member = { ...given, numberAndOne: former.numberAndOne };
    const isSameForNano = former.label === member.label && former.services.join("\n") === member.services.join("\n");
    if (isSameForNano && Buffer.compare(former.node, member.node) === 0) {
      return;
    }
    entry.member = member;
    entry.node = node;
    // nano's members take one whom they know for one more: they are told of what they can see alone.
    await this.#tellOthers(entry, member, "", (other) => other.node !== undefined || !isSameForNano);
  }

  async #remove(entry: Entry, reason: string): Promise<void> {
    const { member, node } = entry;
    const { logger, onUnregister } = this.#settings;
    if (this.#entries.get(member.serviceAddr) !== entry) {
      return;
    }
    this.#entries.delete(member.serviceAddr);
    entry.teller.close();
    logger.info({ address: member.serviceAddr, node: node?.id, reason }, "a member is gone");
    try {
      const { serviceAddr: address, label, services } = member;
      onUnregister?.({ address, label, services, id: node?.id, reason });
    } catch (error) {
      logger.error({ error }, "onUnregister failed");
    }
    await this.#tellOthers(entry, undefined, reason);
  }

  async #tellOthers(
    about: Entry,
    member: MemberInfo | undefined,
    reason: string,
    isConcerned: (entry: Entry) => boolean = () => true,
  ): Promise<void> {
    const { serviceAddr } = about.member;
    const change: MemberChange = { incarnation: this.incarnation, version: ++this.#version, serviceAddr, member };
    const others = [...this.#entries.values()].filter(
      (entry) => entry !== about && entry.isReady && isConcerned(entry),
    );
    await Promise.all(others.map(({ teller }) => teller.tell(change, reason)));
  }

  #listFor({ member, number }: Entry): MemberList {
    const members = [...this.#entries.values()]
      .map((entry) => entry.member)
      .filter(({ serviceAddr }) => serviceAddr !== member.serviceAddr);
    const numberAndOne = number === undefined ? 0 : number + 1;
    return { members, incarnation: this.incarnation, version: this.#version, numberAndOne };
  }

  /**
   * Somebody wants the address or the id of a member: if that is gone without a word, it is removed.
   *
   * @throws Refusal when it is alive, or nobody knows
   */
  async #judge(rival: Entry, { serviceAddr }: MemberInfo): Promise<void> {
    const { member, node, isLocal } = rival;
    const whose = node === undefined ? member.serviceAddr : `${node.id} at ${member.serviceAddr}`;
    const found = isLocal ? "alive" : await this.#look(rival);
    if (found === "alive") {
      throw new Refusal(status.ALREADY_EXISTS, `member ${whose} is alive`);
    }
    if (found === "silent" && member.serviceAddr !== serviceAddr) {
      throw new Refusal(status.UNAVAILABLE, `member ${whose} does not answer, and is not yet taken to be dead`);
    }
    await this.#remove(rival, "was replaced by another");
  }

  async #look({ member, node }: Entry): Promise<"alive" | "silent" | "gone"> {
    const timeoutMs = Math.min(1_000, 2 * this.#settings.heartbeatIntervalMs);
    const client = new RpcClient(member.serviceAddr, this.#settings.dialing);
    try {
      const described = decodeNode(await client.call(nodeService.Describe, {}, timeoutMs));
      return described.incarnation === node?.incarnation ? "alive" : "gone";
    } catch (error) {
      const address = parseAddress(member.serviceAddr);
      if (statusOf(error) === status.UNIMPLEMENTED || address === undefined) {
        return "gone";
      }
      return (await probe(address, timeoutMs)) === "refused" ? "gone" : "silent";
    } finally {
      client.close();
    }
  }

  /** Removes those that are silent, and tells nano's what they missed. */
  #check(): void {
    const { clock, heartbeatIntervalMs, nanoHeartbeatIntervalMs } = this.#settings;
    const now = clock.steady();
    // While this process stood still, no heartbeat could be heard: that is not held against anybody.
    const stoodStillMs = Math.max(0, now - this.#checkedAtMs - 2 * heartbeatIntervalMs);
    this.#checkedAtMs = now;
    for (const entry of [...this.#entries.values()]) {
      entry.heardAtMs += stoodStillMs;
      const interval = entry.member.heartbeatIntervalMs || nanoHeartbeatIntervalMs;
      if (!entry.isLocal && now - entry.heardAtMs > mostMissedHeartbeats * interval) {
        void this.#remove(entry, `was silent for ${mostMissedHeartbeats} heartbeats of ${interval} ms`);
      } else if (entry.node === undefined) {
        entry.teller.again();
      }
    }
  }
}

/** @throws Refusal for what no member says of itself */
function assertMember(member: MemberInfo | undefined): MemberInfo {
  if (member === undefined || parseAddress(member.serviceAddr) === undefined) {
    throw new Refusal(status.INVALID_ARGUMENT, "a member needs an address, host:port");
  }
  const { label, services } = member;
  if (label.length > 1_024 || services.length > 4_096 || services.some((name) => name.length > 1_024)) {
    throw new Refusal(status.INVALID_ARGUMENT, "a member's label and services are too long, or too many");
  }
  const heartbeatIntervalMs = Math.min(member.heartbeatIntervalMs, 600_000);
  return { ...member, heartbeatIntervalMs };
}

/** What a member says of itself; undefined for one of nano's. */
function nodeOf({ node }: MemberInfo): NodeInfo | undefined {
  return node.length === 0 ? undefined : decodeNode(node);
}
