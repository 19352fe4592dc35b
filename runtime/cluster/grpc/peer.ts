import { type ClientDuplexStream, Metadata, type ServerDuplexStream, status } from "@grpc/grpc-js";
import type { CancelTimer } from "../../base/clock.js";
import { NanowireError } from "../../base/error.js";
import type { ClusterHost } from "../driver.js";
import type { NodeInfo } from "../node-info.js";
import { parseAddress } from "./address.js";
import { Backoff } from "./backoff.js";
import { FrameStream } from "./frame-stream.js";
import { probe } from "./probe.js";
import { type Dialing, detailsOf, RpcClient, statusOf } from "./rpc-client.js";
import { frameHeaders, nodeService } from "./services.js";

/** What a node's peers have in common. */
export interface PeerSettings {
  readonly self: NodeInfo;
  readonly host: ClusterHost;
  readonly dialing: Dialing;
  readonly heartbeatIntervalMs: number;
  /** How many bytes wait for a peer that takes nothing. */
  readonly maxWaitingBytes: number;
}

/**
 * Another node, and the stream of frames to it. Of a pair the node whose id comes first opens it, so that there is one; when it breaks, it is opened again. While there is
 * none, frames wait, as far as the bound allows.
 */
export class Peer {
  /** What it says of itself. */
  info: NodeInfo;
  /** `host:port` */
  readonly address: string;
  readonly #settings: PeerSettings;
  readonly #opens: boolean;
  readonly #backoff: Backoff;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #stream: FrameStream | undefined;
  #client: RpcClient | undefined;
  #takesFrames = false;
  #isUnreachable = false;
  #isEnded = false;
  #isClosed = false;
  #dropped = 0;
  #brokenAtMs: number | undefined;
  #cancelRetry: CancelTimer = () => {};
  #whenIdle: (() => void)[] = [];
  #whenClosed: (() => void)[] = [];

  constructor(info: NodeInfo, address: string, settings: PeerSettings) {
    this.info = info;
    this.address = address;
    this.#settings = settings;
    this.#opens = settings.self.id < info.id;
    this.#backoff = new Backoff(20, Math.max(20, settings.heartbeatIntervalMs));
    this.#brokenAtMs = settings.host.clock.steady();
  }

  /** For how many milliseconds there has been no stream. 0 while there is one. */
  get brokenForMs(): number {
    return this.#brokenAtMs === undefined ? 0 : this.#settings.host.clock.steady() - this.#brokenAtMs;
  }

  /** Opens the stream, or waits for it. */
  start(): void {
    if (this.#opens) {
      this.#open();
    } else {
      this.#retryAfter(this.#settings.heartbeatIntervalMs);
    }
  }

  /** Sends a frame, or keeps it until there is a stream that takes it. */
  send(frame: Uint8Array): void {
    if (this.#isEnded || this.#isClosed) {
      return;
    }
    if (this.#stream !== undefined && this.#takesFrames) {
      this.#takesFrames = this.#stream.write(frame);
      return;
    }
    if (this.#waiting.length > 0 && this.#waitingBytes + frame.length > this.#settings.maxWaitingBytes) {
      this.#drop();
      return;
    }
    this.#waiting.push(frame);
    this.#waitingBytes += frame.length;
  }

  /** Whether a stream that the other side opens is the right one of the two. */
  get isOpenedByPeer(): boolean {
    return !this.#opens && !this.#isEnded && !this.#isClosed;
  }

  /** The other side opened a stream. One that was there before is broken, though nobody noticed. */
  accept(call: ServerDuplexStream<Uint8Array, Uint8Array>): void {
    this.#stream?.abort();
    this.#stream = this.#streamOf(call);
    // The headers are what tells the other side that it is taken.
    call.sendMetadata(new Metadata());
    this.#opened();
  }

  /** Resolved when all that waits has been handed on, or there is nowhere to hand it. */
  idle(): Promise<void> {
    if (this.#isClosed || this.#waiting.length === 0 || this.#isUnreachable) {
      return Promise.resolve();
    }
    return new Promise((resolve) => void this.#whenIdle.push(resolve));
  }

  /** Nothing more is sent; what the other side has sent is read still. Resolved when that is done. */
  end(): Promise<void> {
    const stream = this.#stream;
    this.#isEnded = true;
    this.#cancelRetry();
    if (stream === undefined || this.#isClosed) {
      return Promise.resolve();
    }
    this.#takesFrames = false;
    this.#forgetWaiting();
    return new Promise((resolve) => {
      this.#whenClosed.push(resolve);
      stream.end();
    });
  }

  /** Nothing more is sent, read, or told to the host. */
  close(): void {
    this.#isClosed = true;
    this.#cancelRetry();
    this.#stream?.abort();
    this.#stream = undefined;
    this.#forgetWaiting();
    this.#client?.close();
    this.#client = undefined;
    this.#resolveAll();
  }

  #open(): void {
    const { self, dialing, host, heartbeatIntervalMs } = this.#settings;
    // A channel of its own each time: one that failed before waits as long as it likes.
    this.#client?.close();
    this.#client = new RpcClient(this.address, dialing, {
      "grpc.use_local_subchannel_pool": 1,
      "grpc.keepalive_time_ms": 2 * heartbeatIntervalMs,
      "grpc.keepalive_timeout_ms": 4 * heartbeatIntervalMs,
    });
    const headers = new Metadata();
    headers.set(frameHeaders.from, self.id);
    headers.set(frameHeaders.fromIncarnation, self.incarnation);
    headers.set(frameHeaders.to, this.info.id);
    headers.set(frameHeaders.toIncarnation, this.info.incarnation);
    const call = this.#client.open(nodeService.Frames, headers);
    const stream = this.#streamOf(call);
    this.#stream = stream;
    // Somebody who takes connections and says nothing is given up, and tried again.
    this.#cancelRetry = host.clock.after(4 * heartbeatIntervalMs, () => {
      stream.abort();
      this.#broke(stream, "it was not taken in time");
    });
    call.on("metadata", () => {
      if (this.#stream === stream) {
        this.#opened();
      }
    });
  }

  #streamOf(
    call: ClientDuplexStream<Uint8Array, Uint8Array> | ServerDuplexStream<Uint8Array, Uint8Array>,
  ): FrameStream {
    const stream: FrameStream = new FrameStream(call, {
      frame: (frame) => this.#settings.host.received(this.info.id, frame),
      drained: () => {
        if (this.#stream === stream && this.#brokenAtMs === undefined) {
          this.#flush(stream);
        }
      },
      closed: (reason) => this.#broke(stream, reason),
    });
    return stream;
  }

  #opened(): void {
    this.#cancelRetry();
    this.#backoff.reset();
    this.#brokenAtMs = undefined;
    this.#isUnreachable = false;
    this.#flush(this.#stream as FrameStream);
  }

  #flush(stream: FrameStream): void {
    this.#takesFrames = true;
    const { length } = this.#waiting;
    let sent = 0;
    while (sent < length && this.#takesFrames) {
      const frame = this.#waiting[sent++] as Uint8Array;
      this.#waitingBytes -= frame.length;
      this.#takesFrames = stream.write(frame);
    }
    this.#waiting.splice(0, sent);
    if (this.#waiting.length === 0) {
      this.#dropped = 0;
      for (const resolve of this.#whenIdle.splice(0)) {
        resolve();
      }
    }
  }

  #broke(stream: FrameStream, reason: unknown): void {
    if (this.#stream !== stream) {
      return;
    }
    const wasOpen = this.#brokenAtMs === undefined;
    const { host } = this.#settings;
    this.#cancelRetry();
    this.#stream = undefined;
    this.#takesFrames = false;
    for (const resolve of this.#whenClosed.splice(0)) {
      resolve();
    }
    if (wasOpen) {
      this.#brokenAtMs = host.clock.steady();
      host.logger.debug({ node: this.info.id, reason: detailsOf(reason) }, "the stream of frames broke");
    }
    const code = statusOf(reason);
    if (code === undefined || code === status.UNAVAILABLE || code === status.CANCELLED) {
      void this.#probe(wasOpen);
    } else {
      // It answered, though not as wished: its list of members is behind ours, or ours behind.
      this.#retryAfter(this.#backoff.next());
    }
  }

  /** Looks whether its process is there at all; then the stream is tried again. */
  async #probe(atOnce: boolean): Promise<void> {
    const address = parseAddress(this.address);
    if (address === undefined || this.#isEnded || this.#isClosed) {
      return;
    }
    const found = await probe(address, 2 * this.#settings.heartbeatIntervalMs);
    if (this.#isEnded || this.#isClosed || this.#stream !== undefined) {
      return;
    }
    if (found === "refused" && !this.#isUnreachable) {
      this.#isUnreachable = true;
      this.#forgetWaiting();
      this.#resolveAll();
      const { id } = this.info;
      this.#settings.host.unreachable(id, new NanowireError("unavailable", `nobody takes connections at node ${id}`));
    }
    if (atOnce && found === "listening" && this.#opens) {
      this.#open();
    } else {
      this.#retryAfter(this.#backoff.next());
    }
  }

  #retryAfter(ms: number): void {
    if (!this.#isEnded && !this.#isClosed) {
      this.#cancelRetry();
      this.#cancelRetry = this.#settings.host.clock.after(ms, () => {
        if (this.#stream === undefined) {
          if (this.#opens) {
            this.#open();
          } else {
            void this.#probe(false);
          }
        }
      });
    }
  }

  #drop(): void {
    this.#dropped++;
    if (this.#dropped === 1) {
      const { host, maxWaitingBytes } = this.#settings;
      host.logger.warn(
        { node: this.info.id, maxWaitingBytes },
        "a node takes no frames: those beyond the bound are lost",
      );
    }
  }

  #forgetWaiting(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #resolveAll(): void {
    for (const resolve of [...this.#whenIdle.splice(0), ...this.#whenClosed.splice(0)]) {
      resolve();
    }
  }
}
