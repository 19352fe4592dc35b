import type { ByteBuffer } from "../base/byte-buffer.js";
import { NanowireError } from "../base/error.js";
import type { ClientReceiver, ClientSocket } from "./client-socket.js";
import { Outbox, type OutboxLimit, type OutboxWriter, WriteOutcome } from "./outbox.js";
import { outboxOverflow } from "./socket.js";
import type { ListenAddress, Transport, TransportHost, Wire, WireReceiver } from "./transport.js";

/** A transport without a network: server and client in one process, for tests. `connect(transport.dial)` */
export interface MemoryTransport extends Transport {
  /** Makes a connection to the server that listens here. */
  readonly dial: (signal: AbortSignal) => Promise<MemorySocket>;
}

/** The client's end of a connection in memory. */
export interface MemorySocket extends ClientSocket {
  /** Whether it takes what the server writes. What is written while it does not waits in the server. Default: true */
  reads: boolean;
}

/** Takes clients in the same process. Bytes cross in order, each delivery in a microtask of its own. */
export function memory(): MemoryTransport {
  return new MemoryListener();
}

class MemoryListener implements MemoryTransport {
  readonly name = "memory";
  #host: TransportHost | undefined;

  get address(): ListenAddress | undefined {
    return this.#host && { transport: this.name, host: "memory", port: 0, url: "memory:" };
  }

  readonly dial: MemoryTransport["dial"] = (signal) => {
    if (this.#host === undefined) {
      return Promise.reject(new NanowireError("connect_failed", "the memory transport does not listen"));
    }
    if (signal.aborted) {
      return Promise.reject(new NanowireError("connect_failed", "the dialling was given up"));
    }
    return Promise.resolve(new MemoryWire(this.#host).client);
  };

  listen(host: TransportHost): Promise<void> {
    this.#host = host;
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#host = undefined;
    return Promise.resolve();
  }
}

class MemoryWire implements Wire, OutboxWriter {
  readonly transport = "memory";
  readonly remoteAddress = "memory";
  readonly outbox: Outbox;
  readonly client: MemoryClientSocket;
  readonly #receiver: WireReceiver;
  #state: "open" | "closing" | "closed" = "open";
  /** What the client sent while reading was paused. */
  #paused: Uint8Array[] | undefined;
  /** What was written while the client does not read. */
  #untaken: Uint8Array[] | undefined;
  #untakenBytes = 0;

  constructor(host: TransportHost) {
    this.client = new MemoryClientSocket(this);
    this.outbox = new Outbox(this, host.turn, host.maxOutboxBytes, 0, host.maxOutboxMessages);
    this.#receiver = host.accept(this);
  }

  get queuedBytes(): number {
    return this.#untakenBytes;
  }

  write(buffer: ByteBuffer): WriteOutcome {
    const bytes = buffer.view().slice();
    if (this.#untaken === undefined) {
      this.client.deliver(bytes);
      return WriteOutcome.taken;
    }
    this.#untaken.push(bytes);
    this.#untakenBytes += bytes.length;
    return WriteOutcome.blocked;
  }

  get clientReads(): boolean {
    return this.#untaken === undefined;
  }

  set clientReads(reads: boolean) {
    if (!reads) {
      this.#untaken ??= [];
      return;
    }
    const wasBlocked = this.#untakenBytes > 0;
    this.#deliverUntaken();
    if (wasBlocked) {
      this.outbox.drained();
    }
  }

  #deliverUntaken(): void {
    const untaken = this.#untaken ?? [];
    this.#untaken = undefined;
    this.#untakenBytes = 0;
    for (const bytes of untaken) {
      this.client.deliver(bytes);
    }
  }

  overflowed(waiting: number, most: number, limit: OutboxLimit): void {
    this.#receiver.violated(outboxOverflow(waiting, most, limit));
  }

  pause(): void {
    this.#paused ??= [];
  }

  resume(): void {
    const waiting = this.#paused ?? [];
    this.#paused = undefined;
    for (const bytes of waiting) {
      this.receive(bytes);
    }
  }

  receive(bytes: Uint8Array): void {
    if (this.#paused !== undefined) {
      this.#paused.push(bytes);
    } else if (this.#state === "open") {
      this.#receiver.receive(bytes);
    }
  }

  close(): void {
    if (this.#state === "open") {
      this.#state = "closing";
      this.outbox.finish();
      this.#deliverUntaken();
      this.client.hungUp();
      queueMicrotask(() => this.hungUp());
    }
  }

  /** The client closed, or took note of our closing. */
  hungUp(): void {
    if (this.#state !== "closed") {
      this.#state = "closed";
      this.outbox.discard();
      this.#untaken = undefined;
      this.#receiver.closed();
    }
  }
}

class MemoryClientSocket implements MemorySocket {
  readonly #wire: MemoryWire;
  #receiver: ClientReceiver | undefined;
  #early: ((receiver: ClientReceiver) => void)[] = [];
  #closed = false;

  constructor(wire: MemoryWire) {
    this.#wire = wire;
  }

  get reads(): boolean {
    return this.#wire.clientReads;
  }

  set reads(reads: boolean) {
    this.#wire.clientReads = reads;
  }

  start(receiver: ClientReceiver): void {
    this.#receiver = receiver;
    for (const event of this.#early) {
      event(receiver);
    }
    this.#early = [];
  }

  send(packets: Uint8Array): void {
    if (!this.#closed) {
      queueMicrotask(() => this.#wire.receive(packets));
    }
  }

  close(): void {
    if (!this.#closed) {
      this.#closed = true;
      queueMicrotask(() => this.#wire.hungUp());
    }
  }

  deliver(bytes: Uint8Array): void {
    this.#tell((receiver) => receiver.receive(bytes));
  }

  hungUp(): void {
    this.#tell((receiver) => {
      this.#closed = true;
      receiver.closed(undefined);
    });
  }

  #tell(event: (receiver: ClientReceiver) => void): void {
    queueMicrotask(() => {
      if (this.#closed) {
        return;
      }
      if (this.#receiver === undefined) {
        this.#early.push(event);
      } else {
        event(this.#receiver);
      }
    });
  }
}
