import { gunzipSync, inflateSync } from "node:zlib";
import { isDeflated } from "../client/inflate.js";
import { decodeMessageHeader, MessageHeader } from "../protocol/message-decoder.js";
import * as messageType from "../protocol/message-type.js";
import { PacketDecoder, type PacketSink } from "../protocol/packet-decoder.js";
import type { PacketType } from "../protocol/packet-type.js";
import * as packetType from "../protocol/packet-type.js";
import type { ClientReceiver, ClientSocket, Dial } from "../transport/client-socket.js";

/** What is told of what a server sends, before the client takes it. */
export interface WiretapEars {
  /** The answer to the handshake, as JSON says it; whether it takes the client or not. */
  handshake(answer: unknown): void;
  /** A push comes. Told before the client looks for who listens to it. */
  push(route: string): void;
}

/**
 * Listens along on a connection. A client tells a program what it asks for: the pushes that it listens to, and of the handshake what the
 * application put there. Somebody who tries a server out wants to see all of it.
 */
export function wiretap(dial: Dial, maxPacketBytes: number, ears: WiretapEars): Dial {
  return async (signal) => {
    const socket = await dial(signal);
    const tap = new Wiretap(maxPacketBytes, ears);
    return {
      start: (receiver) => socket.start(tap.before(receiver)),
      send: (packets) => socket.send(packets),
      close: () => socket.close(),
    } satisfies ClientSocket;
  };
}

class Wiretap implements PacketSink {
  readonly #ears: WiretapEars;
  readonly #decoder: PacketDecoder;
  readonly #maxPacketBytes: number;
  readonly #header = new MessageHeader();
  readonly #routes = new Map<number, string>();
  /** Whether what comes can still be read; where it cannot, the client says so. */
  #reads = true;

  constructor(maxPacketBytes: number, ears: WiretapEars) {
    this.#ears = ears;
    this.#maxPacketBytes = maxPacketBytes;
    this.#decoder = new PacketDecoder(maxPacketBytes, "maxPacketBytes", packetType.system);
  }

  before(receiver: ClientReceiver): ClientReceiver {
    return {
      receive: (bytes) => {
        this.#listen(bytes);
        receiver.receive(bytes);
      },
      closed: (error) => receiver.closed(error),
    };
  }

  packet(type: PacketType, bytes: Uint8Array, start: number, end: number): boolean {
    if (type === packetType.handshake) {
      this.#handshake(bytes.subarray(start, end));
    } else if (type === packetType.data) {
      const header = this.#header;
      decodeMessageHeader(bytes, start, end, header);
      const route = header.code === 0 ? header.route : this.#routes.get(header.code);
      if (header.type === messageType.push && route !== undefined) {
        this.#ears.push(route);
      }
    }
    return true;
  }

  #listen(bytes: Uint8Array): void {
    try {
      if (this.#reads) {
        this.#decoder.decode(bytes, this);
      }
    } catch {
      this.#reads = false;
    }
  }

  #handshake(body: Uint8Array): void {
    const answer: unknown = JSON.parse(new TextDecoder().decode(isDeflated(body) ? this.#inflate(body) : body));
    const { dict } = Object(Object(answer).sys) as { readonly dict?: unknown };
    for (const [route, code] of Object.entries(Object(dict) as Record<string, unknown>)) {
      this.#routes.set(Number(code), route);
    }
    this.#ears.handshake(answer);
  }

  #inflate(body: Uint8Array): Uint8Array {
    const inflate = body[0] === gzipMagic ? gunzipSync : inflateSync;
    return inflate(body, { maxOutputLength: this.#maxPacketBytes });
  }
}

const gzipMagic = 0x1f;
