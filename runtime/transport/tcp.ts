import { createServer, type Server, type Socket } from "node:net";
import type { ByteBuffer } from "../base/byte-buffer.js";
import { close, type ListenOptions, listen, listenAddress } from "./listen.js";
import { Outbox, type OutboxWriter, type WriteOutcome } from "./outbox.js";
import { endSocket, outboxOverflow, peerAddress, writeOut } from "./socket.js";
import type { ListenAddress, Transport, TransportHost, Wire, WireReceiver } from "./transport.js";

/** Where a TCP listener listens. */
export type TcpOptions = ListenOptions;

/** Takes clients over TCP: nano's and pitaya's native clients, and ours in Node (`tcp://host:port`). */
export function tcp(options: TcpOptions): Transport {
  return new TcpTransport(options);
}

class TcpTransport implements Transport {
  readonly name = "tcp";
  readonly #options: TcpOptions;
  #server: Server | undefined;

  constructor(options: TcpOptions) {
    this.#options = options;
  }

  get address(): ListenAddress | undefined {
    return this.#server && listenAddress(this.#server, "tcp", "tcp", "");
  }

  async listen(host: TransportHost): Promise<void> {
    const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => void new TcpWire(socket, host));
    await listen(server, this.#options);
    server.on("error", (error) => host.logger.error({ error, transport: this.name }, "the listener failed"));
    this.#server = server;
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server !== undefined) {
      await close(server);
    }
  }
}

/** A socket that knows its wire: the listeners below are shared by all sockets, a connection makes no closure. */
interface WiredSocket extends Socket {
  nanowire?: TcpWire;
}

class TcpWire implements Wire, OutboxWriter {
  readonly transport = "tcp";
  readonly remoteAddress: string;
  readonly outbox: Outbox;
  readonly #socket: Socket;
  readonly #receiver: WireReceiver;
  #closing = false;

  constructor(socket: WiredSocket, host: TransportHost) {
    this.#socket = socket;
    this.remoteAddress = peerAddress(socket);
    this.outbox = new Outbox(this, host.turn, host.maxOutboxBytes, 0);
    this.#receiver = host.accept(this);
    socket.nanowire = this;
    socket.on("data", onData);
    socket.on("drain", onDrain);
    socket.on("error", onError);
    socket.on("end", onEnd);
    socket.on("close", onClose);
  }

  receive(chunk: Buffer): void {
    if (!this.#closing) {
      this.#receiver.receive(chunk);
    }
  }

  ended(): void {
    // The other side says nothing more: what it was answered is written, and that is all.
    this.#closing = true;
    this.outbox.finish();
    endSocket(this.#socket);
  }

  closed(): void {
    this.#closing = true;
    this.outbox.discard();
    this.#receiver.closed();
  }

  write(buffer: ByteBuffer): WriteOutcome {
    return writeOut(this.#socket, buffer.view());
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  overflowed(waitingBytes: number, maxBytes: number): void {
    this.#receiver.violated(outboxOverflow(waitingBytes, maxBytes));
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    if (this.#closing) {
      return;
    }
    this.#closing = true;
    this.outbox.finish();
    endSocket(this.#socket);
  }
}

function onData(this: WiredSocket, chunk: Buffer): void {
  this.nanowire?.receive(chunk);
}

function onDrain(this: WiredSocket): void {
  this.nanowire?.outbox.drained();
}

function onError(this: WiredSocket): void {
  // "close" follows, and tells the receiver.
}

function onEnd(this: WiredSocket): void {
  this.nanowire?.ended();
}

function onClose(this: WiredSocket): void {
  this.nanowire?.closed();
}
