import { status } from "@grpc/grpc-js";
import type { CancelTimer, Clock } from "../../base/clock.js";
import { NanowireError } from "../../base/error.js";
import type { Logger } from "../../base/logger.js";
import { Backoff } from "./backoff.js";
import { type MemberInfo, type MemberList, nothingSaid, otherList, unknownMember } from "./clusterpb.js";
import { mostMissedHeartbeats } from "./master.js";
import { type Dialing, detailsOf, RpcClient, statusOf } from "./rpc-client.js";
import { masterService } from "./services.js";

/** What a member needs. */
export interface MembershipSettings {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly dialing: Dialing;
  /** The masters' addresses: they are tried in turn. */
  readonly masters: readonly string[];
  readonly heartbeatIntervalMs: number;
  /** What the node says of itself now. */
  readonly member: () => MemberInfo;
  /** Of which list the node has what. */
  readonly known: () => { readonly incarnation: string; readonly version: number };
}

/** Who is told what becomes of a membership. */
export interface MembershipHost {
  /** The master is asked for its list: what it tells meanwhile comes beside. */
  asked(): void;
  /** The master's list came. */
  listed(list: MemberList): void;
  /** There is no master, or it no longer knows the node. Told again at each attempt that fails. */
  lost(reason: NanowireError): void;
  /** The node is a member again. */
  rejoined(numberAndOne: number): void;
}

/** A node's place in the list of a master elsewhere: it registers, sends heartbeats, and registers again when it is forgotten. */
export class Membership {
  readonly #settings: MembershipSettings;
  readonly #host: MembershipHost;
  readonly #clients: readonly RpcClient[];
  /** Which of the masters. */
  #turn = 0;
  #isLost = false;
  /** The last heartbeat failed. */
  #failed = false;
  #heardAtMs = 0;
  #beating: Promise<void> | undefined;
  #cancelBeat: CancelTimer = () => {};
  #isClosed = false;

  constructor(settings: MembershipSettings, host: MembershipHost) {
    this.#settings = settings;
    this.#host = host;
    // A master that comes back is to be found soon.
    const soon = { "grpc.initial_reconnect_backoff_ms": 100, "grpc.max_reconnect_backoff_ms": 1_000 };
    this.#clients = settings.masters.map((address) => new RpcClient(address, settings.dialing, soon));
  }

  /**
   * Registers, and goes on trying for a time.
   *
   * @throws NanowireError `node_exists`, `cluster_failed`
   */
  async join(timeoutMs: number): Promise<MemberList> {
    const { clock, heartbeatIntervalMs, masters, logger } = this.#settings;
    const until = clock.steady() + timeoutMs;
    const backoff = new Backoff(50, 1_000);
    for (;;) {
      const leftMs = until - clock.steady();
      try {
        const list = await this.#register(Math.max(1, Math.min(leftMs, 5_000)));
        this.#heardAtMs = clock.steady();
        this.#cancelBeat = clock.every(heartbeatIntervalMs, () => void this.beat());
        return list;
      } catch (error) {
        if (statusOf(error) === status.ALREADY_EXISTS) {
          throw new NanowireError("node_exists", detailsOf(error), { cause: error });
        }
        const pauseMs = backoff.next();
        const isHopeless = statusOf(error) === status.INVALID_ARGUMENT;
        if (isHopeless || this.#isClosed || clock.steady() + pauseMs >= until) {
          const where = masters.join(", ");
          const message = `no master takes the node within ${timeoutMs} ms, at ${where}: ${detailsOf(error)}`;
          throw new NanowireError("cluster_failed", message, { cause: error });
        }
        logger.info(
          { master: masters[this.#turn], reason: detailsOf(error) },
          "the master did not take the node: again",
        );
        this.#turn = (this.#turn + 1) % this.#clients.length;
        await new Promise<void>((resolve) => void clock.after(pauseMs, resolve));
      }
    }
  }

  /** Sends a heartbeat, unless one is under way. Never rejected. */
  beat(): Promise<void> {
    this.#beating ??= this.#beat()
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#beating = undefined;
      });
    return this.#beating;
  }

  /**
   * Tells the master what has changed.
   *
   * @throws NanowireError `cluster_failed`
   */
  async update(member: MemberInfo): Promise<void> {
    // A heartbeat that says what was before must not arrive behind it.
    await this.#beating;
    const updating = this.#update(member);
    this.#beating = updating
      .catch(() => {})
      .finally(() => {
        this.#beating = undefined;
      });
    await updating;
  }

  async #update(member: MemberInfo): Promise<void> {
    try {
      const request = { member, ...this.#settings.known() };
      const { outcome } = await this.#client.call(masterService.Heartbeat, request, this.#timeoutMs);
      if (outcome === unknownMember) {
        throw new NanowireError("cluster_failed", "the master does not know the node at this moment");
      }
    } catch (error) {
      throw new NanowireError("cluster_failed", `the master was not told of the change: ${detailsOf(error)}`, {
        cause: error,
      });
    }
  }

  /** No more heartbeats. */
  pause(): void {
    this.#isClosed = true;
    this.#cancelBeat();
  }

  /** Tells the master that the node goes. Never rejected. */
  async leave(serviceAddr: string, incarnation: string): Promise<void> {
    this.pause();
    try {
      const gone = { serviceAddr, incarnation, version: 0, reason: "" };
      await this.#client.call(masterService.Unregister, gone, 2_000);
    } catch (error) {
      this.#settings.logger.warn({ reason: detailsOf(error) }, "the master was not told that the node leaves");
    }
  }

  close(): void {
    this.pause();
    for (const client of this.#clients) {
      client.close();
    }
  }

  get #client(): RpcClient {
    return this.#clients[this.#turn] as RpcClient;
  }

  get #timeoutMs(): number {
    return Math.max(500, 2 * this.#settings.heartbeatIntervalMs);
  }

  async #beat(): Promise<void> {
    const { clock, member, known } = this.#settings;
    const request = { member: member(), ...known() };
    const response = await this.#client.call(masterService.Heartbeat, request, this.#timeoutMs);
    if (this.#isClosed) {
      return;
    }
    // nano's master does not say whether it knew the node: after a failure it may be a new one, which tells nobody of it.
    if (response.outcome === unknownMember || (response.outcome === nothingSaid && this.#failed)) {
      this.#lose("the master does not know the node: it was started anew, or the node was silent for too long");
      const list = await this.#register(this.#timeoutMs);
      if (this.#isClosed) {
        return;
      }
      this.#heard(clock.steady());
      this.#host.listed(list);
      this.#rejoin(list.numberAndOne);
      return;
    }
    this.#heard(clock.steady());
    if (response.outcome !== nothingSaid) {
      if (response.outcome === otherList) {
        this.#host.listed(response);
      }
      this.#rejoin(response.numberAndOne);
    }
  }

  async #register(timeoutMs: number): Promise<MemberList> {
    const member = this.#settings.member();
    this.#host.asked();
    try {
      return await this.#client.call(masterService.Register, { member }, timeoutMs);
    } catch (error) {
      if (!/has registered/.test(detailsOf(error))) {
        throw error;
      }
      // An older master of nano's remembers a process that died with this address, and takes nobody in its place.
      const gone = { serviceAddr: member.serviceAddr, incarnation: "", version: 0, reason: "" };
      await this.#client.call(masterService.Unregister, gone, timeoutMs);
      return await this.#client.call(masterService.Register, { member }, timeoutMs);
    }
  }

  #heard(now: number): void {
    this.#heardAtMs = now;
    this.#failed = false;
  }

  #fail(error: unknown): void {
    if (this.#isClosed) {
      return;
    }
    const { clock, heartbeatIntervalMs, logger, masters } = this.#settings;
    this.#failed = true;
    logger.debug({ master: masters[this.#turn], reason: detailsOf(error) }, "a heartbeat failed");
    this.#turn = (this.#turn + 1) % this.#clients.length;
    if (this.#isLost || clock.steady() - this.#heardAtMs >= mostMissedHeartbeats * heartbeatIntervalMs) {
      this.#lose(`the master does not answer: ${detailsOf(error)}`);
    }
  }

  #lose(why: string): void {
    this.#isLost = true;
    this.#host.lost(new NanowireError("cluster_failed", why));
  }

  #rejoin(numberAndOne: number): void {
    if (this.#isLost) {
      this.#isLost = false;
      this.#host.rejoined(numberAndOne);
    }
  }
}
