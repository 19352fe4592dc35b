import type { ByteBuffer } from "../base/byte-buffer.js";
import { NanowireError } from "../base/error.js";
import type { ClientReceiver, ClientSocket, Dial } from "./client-socket.js";
import { Outbox, type OutboxWriter, WriteOutcome } from "./outbox.js";
import { outboxOverflow } from "./socket.js";
import type { ListenAddress, Transport, TransportHost, Wire, WireReceiver } from "./transport.js";

/** A transport without a network: server and client in one process, for tests. `connect(transport.dial)` */
export interface MemoryTransport extends Transport {
  /** Makes a connection to the server that listens here. */
  readonly dial: Dial;
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

  readonly dial: Dial = (signal) => {
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
  readonly queuedBytes = 0;
  readonly outbox: Outbox;
  readonly client: MemoryClientSocket;
  readonly #receiver: WireReceiver;
  #state: "open" | "closing" | "closed" = "open";
  /** What the client sent while reading was paused. */
  #paused: Uint8Array[] | undefined;

  constructor(host: TransportHost) {
    this.client = new MemoryClientSocket(this);
    this.outbox = new Outbox(this, host.turn, host.maxOutboxBytes, 0);
    this.#receiver = host.accept(this);
  }

  write(buffer: ByteBuffer): WriteOutcome {
    this.client.deliver(buffer.view().slice());
    return WriteOutcome.taken;
  }

  overflowed(waitingBytes: number, maxBytes: number): void {
    this.#receiver.violated(outboxOverflow(waitingBytes, maxBytes));
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
      this.client.hungUp();
      queueMicrotask(() => this.hungUp());
    }
  }

  /** The client closed, or took note of our closing. */
  hungUp(): void {
    if (this.#state !== "closed") {
      this.#state = "closed";
      this.outbox.discard();
      this.#receiver.closed();
    }
  }
}

class MemoryClientSocket implements ClientSocket {
  readonly #wire: MemoryWire;
  #receiver: ClientReceiver | undefined;
  #early: ((receiver: ClientReceiver) => void)[] = [];
  #closed = false;

  constructor(wire: MemoryWire) {
    this.#wire = wire;
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
