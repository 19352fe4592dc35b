import type { Socket } from "node:net";
import type { ByteBuffer } from "../base/byte-buffer.js";
import type { SharedBytes } from "../base/shared-bytes.js";
import type { Arrival } from "./arrival.js";
import { Outbox, type OutboxLimit, type OutboxWriter, type WriteOutcome } from "./outbox.js";
import { readShared, type SharedSocket } from "./shared-read.js";
import { endSocket, outboxOverflow, writeOut } from "./socket.js";
import type { Wire, WireReceiver } from "./transport.js";

/** A socket that knows its wire: the listeners below are shared by all sockets, a connection makes no closure. */
interface WiredSocket extends SharedSocket {
  nanowire?: TcpWire;
}

/** A connection over a bare socket: TCP, TLS or a Unix socket. */
export class TcpWire implements Wire, OutboxWriter {
  readonly transport: string;
  readonly remoteAddress: string;
  readonly proxyAddress: string | undefined;
  readonly outbox: Outbox;
  readonly #socket: Socket;
  readonly #receiver: WireReceiver;
  #closing = false;

  /** @param transport what it is called */
  constructor(arrival: Arrival, transport: string) {
    const { host, origin } = arrival;
    const socket: WiredSocket = arrival.socket;
    this.#socket = socket;
    this.transport = transport;
    this.remoteAddress = origin.address;
    this.proxyAddress = origin.proxy;
    this.outbox = new Outbox(this, host.turn, host.maxOutboxBytes, 0, host.maxOutboxMessages);
    socket.nanowire = this;
    socket.nanowireRead = onRead;
    readShared(socket);
    socket.on("data", onData);
    socket.on("drain", onDrain);
    socket.on("error", onError);
    socket.on("end", onEnd);
    socket.on("close", onClose);
    this.#receiver = host.accept(this, arrival.accepted());
  }

  receive(bytes: Uint8Array, end: number, lent: boolean): void {
    if (!this.#closing) {
      this.#receiver.receive(bytes, 0, end, lent);
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

  writeShared(bytes: SharedBytes, start: number, end: number): WriteOutcome {
    return writeOut(this.#socket, bytes.view(start, end));
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  overflowed(waiting: number, most: number, limit: OutboxLimit): void {
    this.#receiver.violated(outboxOverflow(waiting, most, limit));
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

function onRead(this: WiredSocket, bytes: Uint8Array, count: number): void {
  this.nanowire?.receive(bytes, count, true);
}

function onData(this: WiredSocket, chunk: Buffer): void {
  this.nanowire?.receive(chunk, chunk.length, false);
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
