import { randomInt } from "node:crypto";
import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { CancelTimer } from "../../base/clock.js";
import { NanowireError } from "../../base/error.js";
import { serializers } from "../../protocol/serializer.js";
import type { ClusterHost, Joined } from "../driver.js";
import type { NodeInfo } from "../node-info.js";
import { encodeNode, isNodeId } from "../node-json.js";
import type { Peer } from "../peer.js";
import type { PeerVoice } from "../peer-voice.js";
import { addressText, isEveryAddress, machineAddress } from "./address.js";
import type {
  MemberGone,
  MemberInfo,
  MemberList,
  NewMemberRequest,
  NotifyMessage,
  PushMessage,
  RequestMessage,
  ResponseMessage,
  SessionRequest,
} from "./clusterpb.js";
import type { ResolvedGrpcOptions } from "./grpc-options.js";
import { Master, mostMissedHeartbeats } from "./master.js";
import type { Teller } from "./member-teller.js";
import { type MemberChange, MemberView } from "./member-view.js";
import { Membership } from "./membership.js";
import { NanoDesk } from "./nano-desk.js";
import { channelOptions, dialOptions, NodeServer } from "./node-server.js";
import { Peers } from "./peers.js";
import { unaryHandler } from "./refusal.js";
import { memberService, nodeService } from "./services.js";
import { type Credentials, readCredentials } from "./tls.js";

/** How long a node that leaves waits for what it has sent, and for calls that are under way. */
const mostFarewellMs = 1_000;

/** How long the others need, beside the heartbeats that they miss, to find a master that has come back. */
const mostReturnMs = 2_000;

/** A node's part in a cluster, from joining to leaving. */
export class GrpcNode {
  #info: NodeInfo;
  #address: string | undefined;
  /** Undefined until it has one. */
  #number: number | undefined;
  readonly #host: ClusterHost;
  readonly #options: ResolvedGrpcOptions;
  readonly #view = new MemberView();
  #server: NodeServer | undefined;
  #desk: NanoDesk | undefined;
  #peers: Peers | undefined;
  #master: Master | undefined;
  #membership: Membership | undefined;
  #joining: Promise<Joined> | undefined;
  #cancelForget: CancelTimer = () => {};
  #isLost = false;
  #isLeaving = false;

  constructor(info: NodeInfo, host: ClusterHost, options: ResolvedGrpcOptions) {
    if (!isNodeId(info.id)) {
      throw new NanowireError("invalid_option", `node id ${info.id} is not 1 to 64 letters, digits, - or _`);
    }
    this.#info = info;
    this.#options = options;
    this.#host = this.#guard(host);
  }

  get address(): string | undefined {
    return this.#address;
  }

  get nanoNodes(): ReadonlySet<string> {
    return this.#peers?.nanoNodes ?? new Set();
  }

  join(): Promise<Joined> {
    this.#joining = this.#join();
    return this.#joining;
  }

  async update(info: NodeInfo): Promise<void> {
    if (this.#master !== undefined) {
      this.#info = info;
      this.#master.updateLocal(this.#member(info));
      return;
    }
    await this.#membership?.update(this.#member(info));
    this.#info = info;
  }

  send(to: string, frame: Uint8Array): void {
    this.#peers?.send(to, frame);
  }

  /** What speaks with a node of nano's. */
  foreign(node: NodeInfo, peer: Peer): PeerVoice {
    if (this.#desk === undefined) {
      throw new NanowireError("invalid_state", "grpc: the node is not in the cluster yet");
    }
    return this.#desk.voiceOf(node, peer);
  }

  async leave(): Promise<void> {
    this.#isLeaving = true;
    this.#membership?.pause();
    const hasJoined = await this.#joining?.then(
      () => true,
      () => false,
    );
    if (hasJoined === true) {
      await this.#peers?.end(mostFarewellMs);
      await this.#master?.close();
      await this.#membership?.leave(this.#address as string, this.#info.incarnation);
      await this.#close();
    }
  }

  async #join(): Promise<Joined> {
    const { listen, tls, heartbeatIntervalMs } = this.#options;
    const options = channelOptions(this.#host.maxFrameBytes, heartbeatIntervalMs);
    const credentials = await readCredentials(tls, dialOptions(options));
    this.#server = new NodeServer(options);
    this.#serve(this.#server, credentials);
    try {
      const port = await this.#server.listen(listen, credentials.server);
      this.#begin(this.#advertised(port), credentials);
      const list = await this.#register(credentials);
      const number = list.numberAndOne === 0 ? randomInt(1_024) : list.numberAndOne - 1;
      this.#number = number;
      this.#view.replace(list);
      await this.#sync();
      if (this.#isLeaving) {
        await this.#membership?.leave(this.#address as string, this.#info.incarnation);
        throw new NanowireError("cluster_failed", "the node left before it had joined");
      }
      return { number };
    } catch (error) {
      this.#isLeaving = true;
      await this.#master?.close();
      await this.#close();
      throw error;
    }
  }

  /** What is served, by every node; by the master more. */
  #serve(server: NodeServer, credentials: Credentials): void {
    const { heartbeatIntervalMs, nanoHeartbeatIntervalMs, onUnregister, join } = this.#options;
    const { clock, logger } = this.#host;
    const { dialing } = credentials;
    const membership = {
      NewMember: unaryHandler((request: NewMemberRequest) => this.#told(request, request.member, "")),
      DelMember: unaryHandler((gone: MemberGone) => this.#told({ ...gone, member: undefined }, gone, gone.reason)),
    };
    const desk = (): NanoDesk => this.#desk as NanoDesk;
    server.serve(memberService, {
      ...membership,
      HandleRequest: unaryHandler((message: RequestMessage) => desk().request(message)),
      HandleNotify: unaryHandler((message: NotifyMessage) => desk().notify(message)),
      HandleResponse: unaryHandler((message: ResponseMessage) => desk().response(message)),
      HandlePush: unaryHandler((message: PushMessage) => desk().push(message)),
      SessionClosed: unaryHandler((request: SessionRequest) => desk().sessionClosed(request)),
      CloseSession: unaryHandler((request: SessionRequest) => desk().closeSession(request)),
    });
    server.serve(nodeService, {
      Describe: unaryHandler(() => encodeNode(this.#info)),
      Frames: (call: ServerDuplexStream<Uint8Array, Uint8Array>) => this.#peers?.accept(call),
    });
    if (join.length === 0) {
      const settings = { clock, logger, dialing, heartbeatIntervalMs, nanoHeartbeatIntervalMs, onUnregister };
      this.#master = new Master(settings);
      server.serveMaster(this.#master);
    }
  }

  #begin(address: string, { dialing }: Credentials): void {
    const { heartbeatIntervalMs, maxWaitingBytes, nanoSerializer } = this.#options;
    this.#address = address;
    const settings = { self: this.#info, host: this.#host, dialing, heartbeatIntervalMs, maxWaitingBytes };
    this.#peers = new Peers(settings, address);
    this.#desk = new NanoDesk({
      host: this.#host,
      dialing,
      heartbeatIntervalMs,
      address,
      serializer: serializers[nanoSerializer],
      hosts: (route) => this.#info.services.some(({ methods }) => Object.hasOwn(methods, route)),
    });
  }

  async #register({ dialing }: Credentials): Promise<MemberList> {
    const { heartbeatIntervalMs, join, joinTimeoutMs } = this.#options;
    if (this.#master !== undefined) {
      return this.#master.addLocal(this.#member(this.#info), this.#localTeller());
    }
    const { clock, logger } = this.#host;
    const settings = {
      clock,
      logger,
      dialing,
      masters: join,
      heartbeatIntervalMs,
      member: () => this.#member(this.#info),
      known: () => ({ incarnation: this.#view.incarnation, version: this.#view.version }),
    };
    this.#membership = new Membership(settings, {
      asked: () => this.#view.expect(),
      listed: (list) => this.#listed(list),
      lost: (reason) => this.#lost(reason),
      rejoined: (numberAndOne) => this.#rejoined(numberAndOne),
    });
    return await this.#membership.join(joinTimeoutMs);
  }

  /** The master of this process tells its own node. */
  #localTeller(): Teller {
    return {
      tell: async (change, reason) => void (await this.#changed(change, reason)),
      again() {},
      close() {},
    };
  }

  /** The master told of one member. */
  async #told(
    { incarnation, version, member }: NewMemberRequest,
    about: { readonly serviceAddr: string } | undefined,
    reason: string,
  ): Promise<object> {
    if (about !== undefined) {
      await this.#changed({ incarnation, version, member, serviceAddr: about.serviceAddr }, reason);
    }
    return {};
  }

  async #changed(change: MemberChange, reason: string): Promise<void> {
    if (this.#isLeaving) {
      return;
    }
    this.#view.change(change);
    await this.#sync(reason === "" ? undefined : new Map([[change.serviceAddr, reason]]));
  }

  #listed(list: MemberList): void {
    const isNewMaster = list.incarnation === "" || list.incarnation !== this.#view.incarnation;
    this.#view.replace(list);
    void this.#sync();
    this.#peers?.ask();
    if (isNewMaster) {
      this.#cancelForget();
      this.#cancelForget = this.#host.clock.after(this.#patienceMs + mostReturnMs, () => this.#forget());
    }
  }

  /** Who has not registered with a new master by now is gone. nano's master does not say who did: there, those who are reached stay. */
  #forget(): void {
    const broken = new Set(this.#peers?.brokenFor(this.#patienceMs));
    this.#view.forget((address) => this.#view.incarnation === "" && !broken.has(address));
    void this.#sync();
  }

  /** For how long a node may be silent. */
  get #patienceMs(): number {
    return mostMissedHeartbeats * this.#options.heartbeatIntervalMs;
  }

  /** Before the first list is there, what is told of others waits for it. */
  async #sync(reasons?: ReadonlyMap<string, string>): Promise<void> {
    if (this.#view.isComplete) {
      await this.#peers?.sync(this.#view.members, reasons);
    }
  }

  #lost(reason: NanowireError): void {
    if (!this.#isLost) {
      this.#isLost = true;
      this.#host.logger.warn({ reason: reason.message }, "the node is no longer in the master's list");
      this.#host.lost(reason);
    }
    const broken = this.#peers?.brokenFor(this.#patienceMs) ?? [];
    for (const address of broken) {
      this.#view.drop(address);
    }
    void this.#sync(new Map(broken.map((address) => [address, "is not reached, and there is no master to ask"])));
  }

  #rejoined(numberAndOne: number): void {
    this.#isLost = false;
    // nano's master hands out none: the node keeps the one that it drew.
    const number = numberAndOne > 0 ? numberAndOne - 1 : (this.#number as number);
    this.#number = number;
    this.#host.logger.info({ number }, "the node is in the master's list again");
    this.#host.rejoined({ number });
  }

  #member(info: NodeInfo): MemberInfo {
    const { label = info.id, heartbeatIntervalMs } = this.#options;
    return {
      label,
      serviceAddr: this.#address as string,
      services: info.services.map(({ name }) => name),
      node: encodeNode(info),
      numberAndOne: this.#number === undefined ? 0 : this.#number + 1,
      heartbeatIntervalMs,
    };
  }

  #advertised(port: number): string {
    const { advertise, listen } = this.#options;
    return advertise ?? addressText({ host: isEveryAddress(listen.host) ? machineAddress() : listen.host, port });
  }

  async #close(): Promise<void> {
    this.#cancelForget();
    this.#desk?.close();
    this.#peers?.close();
    this.#membership?.close();
    await this.#server?.close(this.#host.clock, mostFarewellMs);
  }

  /** The host, until the node leaves. */
  #guard(host: ClusterHost): ClusterHost {
    const { logger, clock, maxFrameBytes } = host;
    const unlessLeaving =
      <Given extends readonly unknown[]>(tell: (...given: Given) => void) =>
      (...given: Given): void => {
        if (!this.#isLeaving) {
          tell(...given);
        }
      };
    return {
      logger,
      clock,
      maxFrameBytes,
      joined: unlessLeaving((node) => host.joined(node)),
      changed: unlessLeaving((node) => host.changed(node)),
      left: unlessLeaving((id, reason) => {
        host.left(id, reason);
        this.#desk?.gone(id);
      }),
      unreachable: unlessLeaving((id, reason) => host.unreachable(id, reason)),
      received: unlessLeaving((from, frame) => host.received(from, frame)),
      lost: unlessLeaving((reason) => host.lost(reason)),
      rejoined: unlessLeaving((joined) => host.rejoined(joined)),
    };
  }
}
