import { randomBytes } from "node:crypto";
import type { Msg, NatsConnection } from "@nats-io/transport-node";
import type { CancelTimer, Clock } from "../../base/clock.js";
import { NanowireError } from "../../base/error.js";
import type { Logger } from "../../base/logger.js";
import type { NodeInfo } from "../node-info.js";
import { Bucket, isName, type NumberOwner, readEntry, requestTimeoutMs } from "./bucket.js";
import { claimId, claimNumber } from "./claims.js";
import { sayingWhy } from "./connect-nats.js";
import { parsePeer, probeMark } from "./frame-address.js";
import type { FrameJoiner } from "./frame-joiner.js";
import type { MemberList } from "./member-list.js";
import type { NatsSettings } from "./nats-options.js";
import { nodeSubject, type Peer } from "./peers.js";
import { SendWindow } from "./send-window.js";
import { fromToken, toToken } from "./token.js";

/** Whose stay it is, and what outlives it. */
export interface StayHost {
  readonly settings: NatsSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly list: MemberList;
  readonly joiner: FrameJoiner;
  /** NATS says that nobody takes what was sent to the peer of that number. */
  refused(index: number): void;
  /** Another node says that nobody is at a node. */
  suspected(id: string, incarnation: string): void;
  /** JetStream has taken a sign of life that was written at that time, on the steady clock. */
  alive(sentAt: number): void;
  /** The node's entry is not its own any more. */
  dispossessed(message: string): void;
  /** NATS is about to stop there. True when there is another server to go to. */
  lameDuck(): boolean;
  /** Something came that is not understood. */
  ignored(what: string): void;
}

/**
 * A node's stay in the cluster: one connection to NATS, and what is claimed and watched over it. It ends with whatever goes wrong, and a new one is begun then.
 */
export class Stay {
  readonly connection: NatsConnection;
  /** Why it ended. */
  readonly ended: Promise<string>;
  readonly #host: StayHost;
  readonly #window: SendWindow;
  /** What reply subjects begin with: `<cluster>.from.<id>.<stay>.` */
  readonly #from: string;
  readonly #timers: CancelTimer[] = [];
  readonly #numbers = new Map<number, NumberOwner>();
  readonly #end: (reason: string) => void;
  #node: NodeInfo;
  #bucket: Bucket | undefined;
  #over: string | undefined;
  #revision = 0;
  #number = -1;
  #ownWrittenAt = 0;
  #ownSeenAt = 0;
  #ownSeen: (() => void) | undefined;
  #ownRevision = 0;
  #beating = false;
  #leaving = false;
  #droppedFrames = false;
  /** Whether nobody listens where it was asked: at a subject of no peer. */
  #nobody = false;

  private constructor(connection: NatsConnection, node: NodeInfo, host: StayHost) {
    this.connection = connection;
    this.#node = node;
    this.#host = host;
    this.#from = `${host.settings.cluster}.from.${toToken(node.id)}.${randomBytes(6).toString("hex")}.`;
    this.#window = new SendWindow(host.settings.maxBufferedBytes, () => connection.flush());
    let end: (reason: string) => void = () => {};
    this.ended = new Promise((resolve) => {
      end = resolve;
    });
    this.#end = end;
  }

  /**
   * Takes the node's id and a number, and tells of it. The list gathers meanwhile, and is yet to be settled.
   *
   * @param formerNumber the number that it had before: it is taken again where that is possible
   * @throws NanowireError `cluster_failed`, `node_exists`. The connection is closed then
   */
  static async begin(
    connection: NatsConnection,
    node: NodeInfo,
    formerNumber: number | undefined,
    host: StayHost,
  ): Promise<Stay> {
    const stay = new Stay(connection, node, host);
    try {
      await stay.#enter(formerNumber);
      return stay;
    } catch (error) {
      const over = stay.#over;
      if (formerNumber === undefined) {
        await stay.#release();
      }
      stay.end("it could not be begun");
      throw error instanceof NanowireError
        ? error
        : new NanowireError("cluster_failed", `NATS at ${connection.getServer()}: ${over ?? sayingWhy(error)}`, {
            cause: error,
          });
    }
  }

  /** The node's number. */
  get number(): number {
    return this.#number;
  }

  /** When the node's sign of life was written, on the bucket's clock. */
  get writtenAt(): number {
    return this.#ownWrittenAt;
  }

  /** Sends a frame; one that NATS does not take quickly enough is dropped. */
  send(peer: Peer, frame: Uint8Array): void {
    const limit = this.connection.info?.max_payload ?? 0;
    if (this.#over !== undefined || limit === 0) {
      return;
    }
    if (!this.#window.take(frame.length + messageOverhead)) {
      if (!this.#droppedFrames) {
        this.#droppedFrames = true;
        const { maxBufferedBytes } = this.#host.settings;
        this.#host.logger.warn(
          { server: this.connection.getServer(), maxBufferedBytes },
          "cluster: NATS does not take what is sent: frames are dropped",
        );
      }
      return;
    }
    const reply = `${this.#from}${peer.index}.`;
    if (frame.length <= limit) {
      this.#publish(peer.subject, frame, `${reply}${nextSequence(peer)}`);
    } else {
      const count = Math.ceil(frame.length / limit);
      const of = `-${count.toString(36)}`;
      for (let index = 0; index < count; index++) {
        const piece = frame.subarray(index * limit, (index + 1) * limit);
        this.#publish(peer.subject, piece, `${reply}${nextSequence(peer)}-${index.toString(36)}${of}`);
      }
    }
    this.#window.commit();
  }

  /** Asks whether anybody takes what is sent to a peer. */
  probe(peer: Peer): void {
    this.#publish(peer.subject, nothing, `${this.#from}${peer.index}.${probeMark}`);
  }

  /** Resolved when NATS has answered to all that was sent before, or the stay has ended: nobody waits for an answer that does not come. */
  async answered(): Promise<void> {
    await Promise.race([this.connection.flush(), this.ended]);
  }

  /** Tells all nodes that nobody seems to be at a peer. */
  suspect(peer: Peer): void {
    this.#publish(this.#suspectSubject, encode(`${toToken(peer.id)} ${toToken(peer.incarnation)}`));
  }

  /** Tells what a node says of itself now. */
  async tell(node: NodeInfo): Promise<void> {
    await this.#told(node);
    this.#node = node;
  }

  /** Leaves: what was sent before is on its way when it is resolved, and the others see that the node is gone. */
  async leave(): Promise<void> {
    this.#leaving = true;
    this.#stopTimers();
    await this.answered();
    await this.#bucket?.remove(this.#node, this.#revision, this.#number);
  }

  /** Ends the stay, and its connection. */
  end(reason: string): void {
    if (this.#over === undefined) {
      this.#over = reason;
      this.#stopTimers();
      void this.connection.close().catch(() => {});
      this.#end(reason);
    }
  }

  get #suspectSubject(): string {
    return `${this.#host.settings.cluster}.suspect`;
  }

  async #enter(formerNumber: number | undefined): Promise<void> {
    const { settings, list, clock } = this.#host;
    this.#heed();
    this.#listen();
    await this.answered();
    this.#assertOn();
    this.#bucket = await Bucket.open(this.connection, settings);
    list.gather(clock.steady());
    void this.#watch(this.#bucket);
    const node = this.#node;
    this.#revision = await claimId({
      bucket: this.#bucket,
      node,
      settings,
      clock,
      isListening: (incarnation) => this.#isListening(node.id, incarnation),
      pause: async (ms) => {
        await this.#pause(ms);
        this.#assertOn();
      },
    });
    this.#host.alive(clock.steady());
    this.#ownSeenAt = clock.steady();
    this.#timers.push(clock.every(settings.heartbeatMs, () => void this.#beat()));
    await this.#ownEntry();
    this.#number = await claimNumber(this.#bucket, node, formerNumber, this.#numbers, ({ id, incarnation }) =>
      list.isAlive(id, incarnation, this.#ownWrittenAt),
    );
    await this.#told(node);
    this.#assertOn();
    this.#timers.push(clock.every(Math.floor(this.#bucket.ageMs / 3), () => void this.#renew()));
  }

  /** What the connection says of itself. */
  #heed(): void {
    void this.connection.closed().then((error) => this.end(error instanceof Error ? sayingWhy(error) : "NATS is gone"));
    void (async () => {
      for await (const status of this.connection.status()) {
        if (status.type === "disconnect") {
          this.end("the connection broke");
        } else if (status.type === "staleConnection") {
          this.end("NATS does not answer");
        } else if (status.type === "ldm" && this.#host.lameDuck()) {
          this.end("NATS is about to stop there");
        } else if (status.type === "error") {
          this.#host.ignored(`an error that NATS tells: ${sayingWhy(status.error)}`);
        }
      }
    })();
  }

  #listen(): void {
    const { cluster } = this.#host.settings;
    const { id, incarnation } = this.#node;
    this.#subscribe(nodeSubject(cluster, id, incarnation), ({ reply, data }) =>
      this.#host.joiner.take(reply ?? "", data),
    );
    this.#subscribe(`${this.#from}>`, ({ subject, headers, data }) => {
      const peer = data.length === 0 && headers?.code === noResponders ? parsePeer(subject) : undefined;
      if (peer === strangerIndex) {
        this.#nobody = true;
      } else if (peer !== undefined) {
        this.#host.refused(peer);
      }
    });
    this.#subscribe(this.#suspectSubject, ({ data }) => {
      const [id, incarnation] = data.length > longestSuspicion ? [] : decode(data).split(" ").map(fromToken);
      if (id !== undefined && incarnation !== undefined) {
        this.#host.suspected(id, incarnation);
      }
    });
  }

  #subscribe(subject: string, take: (message: Msg) => void): void {
    this.connection.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) {
          this.end(`${subject} cannot be listened to: ${sayingWhy(error)}`);
        } else if (this.#over === undefined) {
          try {
            take(message);
          } catch (failure) {
            // It would end the connection's reading for good.
            this.#host.logger.error({ error: failure }, "cluster: a message could not be handled");
          }
        }
      },
    });
  }

  #publish(subject: string, data: Uint8Array, reply?: string): void {
    if (this.#over === undefined && !this.connection.isClosed()) {
      this.connection.publish(subject, data, reply === undefined ? undefined : { reply });
    }
  }

  /** Hands on what comes from the bucket, until the connection ends. */
  async #watch(bucket: Bucket): Promise<void> {
    try {
      for await (const entry of await bucket.watch()) {
        if (this.#over !== undefined) {
          return;
        }
        this.#take(readEntry(entry));
      }
      this.end("the list of members is no longer sent");
    } catch (error) {
      this.end(`the list of members cannot be watched: ${sayingWhy(error)}`);
    }
  }

  #take(event: ReturnType<typeof readEntry>): void {
    const { list, clock } = this.#host;
    const now = clock.steady();
    if (event.kind === "stranger") {
      this.#host.ignored(`an entry ${JSON.stringify(event.key.slice(0, 100))} of the bucket`);
    } else if (event.kind === "number") {
      if (event.owner === undefined) {
        this.#numbers.delete(event.number);
      } else {
        this.#numbers.set(event.number, event.owner);
      }
    } else if (event.kind === "node") {
      if (event.text !== "") {
        list.info(event.id, event.text);
      }
    } else if (event.id === this.#node.id) {
      this.#takeOwn(event.incarnation, event.revision, event.writtenAt, now);
    } else if (event.incarnation === undefined) {
      list.removed(event.id, now);
    } else {
      list.beat(event.id, event.incarnation, now, event.writtenAt);
    }
  }

  #takeOwn(incarnation: string | undefined, revision: number, writtenAt: number, now: number): void {
    if (incarnation === this.#node.incarnation) {
      this.#ownWrittenAt = writtenAt;
      this.#ownSeenAt = now;
      this.#ownRevision = revision;
      this.#ownSeen?.();
      this.#host.list.expire(now, this.#bucket?.ageMs ?? 0);
    } else if (!this.#leaving && this.#revision > 0 && revision > this.#revision) {
      this.#dispossess(incarnation === undefined);
    }
  }

  /** Whether anybody takes what is sent to a node that is no peer. */
  async #isListening(id: string, incarnation: string): Promise<boolean> {
    if (!isName(incarnation)) {
      return false;
    }
    this.#nobody = false;
    const subject = nodeSubject(this.#host.settings.cluster, id, incarnation);
    this.#publish(subject, nothing, `${this.#from}${strangerIndex.toString(36)}.${probeMark}`);
    await this.answered();
    return !this.#nobody;
  }

  /** Waits for our own sign of life: all that was in the bucket before it has come then. */
  async #ownEntry(): Promise<void> {
    const waitMs = requestTimeoutMs(this.#host.settings);
    if (this.#ownRevision < this.#revision) {
      await Promise.race([
        new Promise<void>((resolve) => {
          this.#ownSeen = resolve;
        }),
        this.#pause(waitMs),
        this.ended,
      ]);
    }
    this.#assertOn();
    if (this.#ownRevision < this.#revision) {
      throw new NanowireError("cluster_failed", `the list of members did not come within ${waitMs} ms`);
    }
  }

  /** Shows that the node is alive. */
  async #beat(): Promise<void> {
    const bucket = this.#bucket;
    const { clock, settings, logger } = this.#host;
    if (this.#beating || bucket === undefined) {
      return;
    }
    this.#beating = true;
    const sentAt = clock.steady();
    try {
      const revision = await bucket.alive(this.#node, this.#revision);
      if (revision !== undefined) {
        this.#revision = revision;
        this.#host.alive(sentAt);
      } else {
        await this.#lookWhoHasIt(bucket);
      }
      if (clock.steady() - this.#ownSeenAt > settings.memberTtlMs) {
        this.end("the list of members is silent");
      }
    } catch (error) {
      logger.debug({ error }, "cluster: a sign of life was not taken");
      if (await bucket.isGone()) {
        this.end("the list of members is gone");
      }
    } finally {
      this.#beating = false;
    }
  }

  /** The entry is not as we left it: an answer was lost, or another wrote it. */
  async #lookWhoHasIt(bucket: Bucket): Promise<void> {
    const holder = await bucket.holderOf(this.#node.id);
    if (holder.incarnation === this.#node.incarnation) {
      this.#revision = holder.revision;
    } else {
      this.#dispossess(holder.incarnation === undefined);
    }
  }

  /** The node's id is no longer its own: the others have been told that it left. */
  #dispossess(free: boolean): void {
    if (this.#over === undefined) {
      const reason = free ? "its entry was taken away" : "another node took its id";
      this.#host.dispossessed(`node ${this.#node.id} is out of the list of members: ${reason}`);
      this.end(reason);
    }
  }

  /** Writes anew what would age out. */
  async #renew(): Promise<void> {
    try {
      await this.#told(this.#node);
      if ((await this.#bucket?.takeNumber(this.#number, this.#node, false)) === false) {
        this.end("another node took its number");
      }
    } catch (error) {
      if (this.#over === undefined) {
        this.#host.logger.warn({ error }, "cluster: what the node says of itself was not taken");
      }
    }
  }

  async #told(node: NodeInfo): Promise<void> {
    const bytes = encode(JSON.stringify(node)).length;
    const most = (this.connection.info?.max_payload ?? 0) - entryOverhead;
    if (bytes > most) {
      throw new NanowireError(
        "cluster_failed",
        `what node ${node.id} says of itself is ${bytes} bytes, and NATS takes ${most}`,
        { details: { reason: "too_large" } },
      );
    }
    await this.#bucket?.tell(node);
  }

  /** Takes back what was claimed by a stay that could not be begun. */
  async #release(): Promise<void> {
    if (this.#over === undefined && this.#revision > 0) {
      this.#stopTimers();
      await Promise.race([
        this.#bucket?.remove(this.#node, this.#revision, this.#number).catch(() => {}),
        this.#pause(requestTimeoutMs(this.#host.settings)),
      ]);
    }
  }

  #assertOn(): void {
    if (this.#over !== undefined) {
      throw new Error(this.#over);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#host.clock.after(ms, resolve));
  }

  #stopTimers(): void {
    for (const cancel of this.#timers.splice(0)) {
      cancel();
    }
  }
}

const nothing = new Uint8Array();
const noResponders = 503;
/** The number of no peer. */
const strangerIndex = 0;
/** About what a message weighs besides its frame: its subjects. */
const messageOverhead = 128;
/** What an entry weighs besides its value: its subject and a header. */
const entryOverhead = 1_024;
const longestSuspicion = 1_024;

function nextSequence(peer: Peer): string {
  peer.sequence++;
  return peer.sequence.toString(36);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
