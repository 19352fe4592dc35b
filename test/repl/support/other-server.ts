import type { Socket } from "node:net";
import { deflateSync } from "node:zlib";
import { onTestFinished } from "vitest";
import { listenRaw } from "../../client/support/peers.js";
import { concat } from "../../protocol/hex.js";
import { packet, packetsIn, textOf } from "../../support/client.js";

/** What a client asked, or told. */
export interface Asked {
  readonly kind: "request" | "notify";
  /** Of a request: below 128. */
  readonly id: number;
  /** As it came: in full, or as a code. */
  readonly route: string | number;
  readonly payload: Uint8Array;
}

/** How a server that is not ours answers. */
export interface OtherOptions {
  /** What its answer to a handshake says. */
  readonly answer: object;
  /** Whether it deflates that, as pitaya's does. */
  readonly deflates?: boolean;
  /** What it does with a message; nothing, as nano's server for a route that it does not know. */
  readonly handle?: (asked: Asked, say: (...packets: readonly Uint8Array[]) => void) => void;
}

/** A server that is not ours, on a port of its own: its bytes are written by hand, after PROTOCOL.md. */
export interface OtherServer {
  readonly url: string;
  /** The handshakes of its clients. */
  readonly handshakes: readonly unknown[];
}

/** Starts one; it is gone with the test. */
export async function otherServer({ answer, deflates = false, handle }: OtherOptions): Promise<OtherServer> {
  const handshakes: unknown[] = [];
  const body = Buffer.from(JSON.stringify(answer));
  const { port, close } = await listenRaw((socket: Socket) => {
    let stream: Uint8Array = new Uint8Array();
    socket.on("data", (bytes) => {
      stream = concat(stream, bytes);
      while (stream.length >= 4 && stream.length >= 4 + (stream[2] as number) * 256 + (stream[3] as number)) {
        const end = 4 + (stream[2] as number) * 256 + (stream[3] as number);
        for (const { type, body: asked } of packetsIn(stream.subarray(0, end))) {
          if (type === 1) {
            handshakes.push(JSON.parse(textOf(asked)));
            socket.write(packet(1, deflates ? new Uint8Array(deflateSync(body)) : body));
          } else if (type === 4) {
            handle?.(askedIn(asked), (...packets) => void socket.write(concat(...packets)));
          }
        }
        stream = stream.subarray(end);
      }
    });
  });
  onTestFinished(close);
  return { url: `tcp://127.0.0.1:${port}`, handshakes };
}

/** A packet with a response. @param flags those of pitaya: 0x20 for an error, 0x10 for a zlib stream */
export function response(id: number, payload: string | Uint8Array, flags = 0): Uint8Array {
  return packet(4, concat(Uint8Array.of(0x04 | flags, id), bytesOf(payload)));
}

/** A packet with a push. */
export function push(route: string | number, payload: string | Uint8Array, flags = 0): Uint8Array {
  const name = bytesOf(String(route));
  const head =
    typeof route === "number"
      ? Uint8Array.of(0x07 | flags, route >>> 8, route & 0xff)
      : concat(Uint8Array.of(0x06 | flags, name.length), name);
  return packet(4, concat(head, bytesOf(payload)));
}

/** A zlib stream of a text. */
export function deflated(text: string): Uint8Array {
  return new Uint8Array(deflateSync(text));
}

function askedIn(body: Uint8Array): Asked {
  const flag = body[0] as number;
  const isRequest = (flag & 0x0e) === 0;
  const routeAt = isRequest ? 2 : 1;
  const isCode = (flag & 1) === 1;
  const first = body[routeAt] as number;
  const end = isCode ? routeAt + 2 : routeAt + 1 + first;
  return {
    kind: isRequest ? "request" : "notify",
    id: isRequest ? (body[1] as number) : 0,
    route: isCode ? first * 256 + (body[routeAt + 1] as number) : textOf(body.subarray(routeAt + 1, end)),
    payload: body.slice(end),
  };
}

function bytesOf(payload: string | Uint8Array): Uint8Array {
  return typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
}
