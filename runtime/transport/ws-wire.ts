import type { Socket } from "node:net";
import { type RawData, WebSocket } from "ws";
import type { ByteBuffer } from "../base/byte-buffer.js";
import { NanowireError } from "../base/error.js";
import type { SharedBytes } from "../base/shared-bytes.js";
import type { Arrival } from "./arrival.js";
import { Outbox, type OutboxLimit, type OutboxWriter, WriteOutcome } from "./outbox.js";
import { outboxOverflow, writeOut } from "./socket.js";
import type { Wire, WireReceiver } from "./transport.js";
import { frameHeadroom, frameInPlace, frameOf, framesOfPackets, packetsIn } from "./websocket-frame.js";
import { type PayloadReceiver, WebSocketReader } from "./websocket-reader.js";

/** A socket that knows its wire: the listeners below are shared by all sockets, a connection makes no closure. */
interface WiredSocket extends Socket {
  nanowire?: WsWire;
}

/** The same of a WebSocket. */
interface WiredWebSocket extends WebSocket {
  nanowire?: WsWire;
}

/**
 * A connection over WebSocket. ws upgrades, answers what is wrong, joins fragments and closes. Data goes round it, both ways: plain messages
 * are read from the socket, whole frames written straight to it, all packets of a turn in one. Between two frames of ours it may write control
 * frames of its own. Only where compression was agreed on it reads and writes the data too: a frame that it still compresses must not be overtaken.
 */
export class WsWire implements Wire, OutboxWriter, PayloadReceiver {
  readonly transport: string;
  readonly remoteAddress: string;
  readonly proxyAddress: string | undefined;
  readonly outbox: Outbox;
  readonly #websocket: WebSocket;
  readonly #socket: Socket;
  readonly #receiver: WireReceiver;
  /** Undefined where ws reads everything. */
  readonly #reader: WebSocketReader | undefined;
  readonly #maxOutboxBytes: number;
  readonly #onSent: (() => void) | undefined;
  /** Whether the client reads one packet of a frame and no more. */
  #framesPackets = false;
  #closing = false;

  /**
   * @param transport what it is called
   * @param maxFrameBytes the greatest length of a message, which ws has been told, too
   */
  constructor(websocket: WiredWebSocket, arrival: Arrival, transport: string, maxFrameBytes: number) {
    const { host, origin } = arrival;
    const socket: WiredSocket = arrival.socket;
    this.#websocket = websocket;
    this.#socket = socket;
    this.transport = transport;
    this.remoteAddress = origin.address;
    this.proxyAddress = origin.proxy;
    this.outbox = new Outbox(this, host.turn, host.maxOutboxBytes, frameHeadroom, host.maxOutboxMessages);
    this.#maxOutboxBytes = host.maxOutboxBytes;
    const isPlain = websocket.extensions === "";
    this.#onSent = isPlain ? undefined : () => this.outbox.drained();
    this.#reader = isPlain ? WebSocketReader.on(socket, this, maxFrameBytes) : undefined;
    socket.nanowire = this;
    websocket.nanowire = this;
    socket.on("drain", onDrain);
    websocket.on("message", onMessage);
    websocket.on("ping", onPing);
    websocket.on("pong", onPong);
    websocket.on("error", onError);
    websocket.on("close", onClose);
    this.#receiver = host.accept(this, arrival.accepted());
  }

  receive(bytes: Uint8Array, start: number, end: number, lent: boolean): void {
    if (this.#closing) {
      return;
    }
    if (start === end) {
      this.#receiver.idled?.();
    } else {
      this.#receiver.receive(bytes, start, end, lent);
    }
  }

  /** ws has read a message. */
  told(data: RawData, binary: boolean): void {
    this.#reader?.told();
    if (binary) {
      this.receive(data as Buffer, 0, (data as Buffer).length, false);
    } else if (!this.#closing) {
      this.#receiver.violated(new NanowireError("text_frame", "a text frame came where only binary frames may"));
    }
  }

  /** Answers, unless so much waits for the client already: pings must not fill the memory of who answers them. */
  pinged(data: Buffer): void {
    if (this.#closing || this.#receiver.idled?.() === false) {
      return;
    }
    const waiting = this.#websocket.bufferedAmount;
    if (waiting > this.#maxOutboxBytes) {
      this.overflowed(waiting, this.#maxOutboxBytes, "maxOutboxBytes");
    } else if (this.#websocket.readyState === WebSocket.OPEN) {
      this.#websocket.pong(data);
    }
  }

  ponged(): void {
    if (!this.#closing) {
      this.#receiver.idled?.();
    }
  }

  failed(error: Error & { code?: string }): void {
    this.#reader?.stop();
    if (this.#closing) {
      return;
    }
    const code = error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" ? "packet_too_large" : "invalid_frame";
    this.#receiver.violated(
      new NanowireError(code, `a WebSocket frame was refused: ${error.message}`, { cause: error }),
    );
  }

  closed(): void {
    this.#closing = true;
    this.outbox.discard();
    this.#receiver.closed();
  }

  write(buffer: ByteBuffer): WriteOutcome {
    if (this.#websocket.readyState !== WebSocket.OPEN) {
      // ws has written the close frame, the last that may go: the client closed, or one of its frames was refused.
      return WriteOutcome.taken;
    }
    if (this.#onSent === undefined) {
      return writeOut(this.#socket, this.#framesPackets ? framesOfPackets(buffer) : frameInPlace(buffer));
    }
    const frames = this.#framesPackets ? packetsIn(buffer) : [buffer.view()];
    for (const [index, frame] of frames.entries()) {
      this.#websocket.send(frame, { binary: true }, index === frames.length - 1 ? this.#onSent : undefined);
    }
    return WriteOutcome.blocked;
  }

  writeShared(bytes: SharedBytes, start: number, end: number): WriteOutcome | undefined {
    return this.#onSent === undefined && !this.#framesPackets && this.#websocket.readyState === WebSocket.OPEN
      ? writeOut(this.#socket, bytes.framed(start, end, frameOf))
      : undefined;
  }

  framePackets(): void {
    this.#framesPackets = true;
  }

  get queuedBytes(): number {
    return this.#onSent === undefined ? this.#socket.writableLength : this.#websocket.bufferedAmount;
  }

  drained(): void {
    if (this.#onSent === undefined) {
      this.outbox.drained();
    }
  }

  overflowed(waiting: number, most: number, limit: OutboxLimit): void {
    this.#receiver.violated(outboxOverflow(waiting, most, limit));
  }

  pause(): void {
    this.#websocket.pause();
  }

  resume(): void {
    this.#websocket.resume();
  }

  close(reason: NanowireError): void {
    if (this.#closing) {
      return;
    }
    this.#closing = true;
    this.outbox.finish();
    this.#websocket.resume();
    this.#websocket.close(closeCodes[reason.code] ?? policyViolation, reason.code.slice(0, mostReasonUnits));
  }
}

/** A close frame has 123 bytes for a reason (RFC 6455, 5.5); a UTF-16 unit takes 3 of them at the most. */
const mostReasonUnits = 41;

/** RFC 6455, 7.4.1. */
const policyViolation = 1008;
const closeCodes: Readonly<Record<string, number>> = {
  closed: 1000,
  kicked: 1000,
  server_stopped: 1001,
  server_draining: 1001,
  heartbeat_timeout: 1001,
  invalid_packet_type: 1002,
  invalid_message: 1002,
  unknown_code: 1002,
  unexpected_packet: 1002,
  invalid_handshake: 1002,
  text_frame: 1003,
  packet_too_large: 1009,
  server_full: 1013,
  too_many_connections: 1013,
};

function onDrain(this: WiredSocket): void {
  this.nanowire?.drained();
}

function onPing(this: WiredWebSocket, data: Buffer): void {
  this.nanowire?.pinged(data);
}

function onPong(this: WiredWebSocket): void {
  this.nanowire?.ponged();
}

function onMessage(this: WiredWebSocket, data: RawData, binary: boolean): void {
  this.nanowire?.told(data, binary);
}

function onError(this: WiredWebSocket, error: Error): void {
  this.nanowire?.failed(error);
}

function onClose(this: WiredWebSocket): void {
  this.nanowire?.closed();
}
