/*
 * System messages: packets of type 6, whose body is a JSON object with one member.
 *
 *     server → client   {"drain": {"reason": "…", "graceMs": 10000, "afterMs": 3000, "spreadMs": 2000, "url": "wss://…"}}
 *     client → server   {"leave": true}
 *     either → other    {"received": 117}
 *     client → server   {"ping": 7}
 *     server → client   {"pong": 7}
 *
 * They are ours, not nano's, so each side tells what it knows of them in its handshake, `sys.capabilities: ["drain", "ping", "resume"]`, and is sent
 * nothing else. A side that tells nothing, as the clients and servers of nano, pomelo and pitaya, never sees a packet of type 6.
 *
 * - drain: the server is about to stop. The client sends nothing more, says `leave`, and is closed when all that it sent is handled; after
 *   `graceMs` in any case. It comes back `afterMs` to `afterMs + spreadMs` later, each client at a time of its own, to `url` or to where it was.
 *   With a `url` it goes on until that time has come, and leaves then.
 * - ping: is answered with the same number, at once.
 * - resume: resume.ts.
 *
 * Where and when to come back also stands, as `"retry": {"afterMs": …, "spreadMs": …, "url": …}`, in the answer that refuses a handshake, and
 * beside the `reason` of a kick: without it neither is tried again.
 */

import { longestComeBackMs } from "./limits.js";
import { encodePacket } from "./packet.js";
import * as packetType from "./packet-type.js";
import { encodeJson } from "./utf8.js";

export { longestComeBackMs } from "./limits.js";

/** A system message that a side may know. */
export type Capability = "drain" | "ping" | "resume";

/** Where and when a client is to connect again. */
export interface ComeBack {
  /** Milliseconds from now. */
  readonly afterMs: number;
  /** Milliseconds more, of which each client waits a part that it picks at random. */
  readonly spreadMs: number;
  /** Where to; absent: where it was. */
  readonly url?: string | undefined;
}

/** What a server says before it stops. */
export interface Drain extends ComeBack {
  /** Why, for a program or for people. */
  readonly reason: string;
  /** Milliseconds from now, until which what runs may go on. */
  readonly graceMs: number;
}

/** A system message as a packet. */
export function encodeSystem(message: object): Uint8Array {
  return encodePacket(packetType.system, encodeJson(message));
}

/** The members of a system message; none when it is no JSON object. What is in them is whatever the other side wrote. */
export function decodeSystem(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return objectOf(JSON.parse(lenientUtf8.decode(body))) ?? {};
  } catch {
    return {};
  }
}

/** The drain in a system message; undefined when it is none. */
export function decodeDrain(value: unknown): Drain | undefined {
  const drain = objectOf(value);
  const comeBack = decodeComeBack(value);
  return (
    drain &&
    comeBack && {
      ...comeBack,
      reason: textOf(drain["reason"]) ?? "",
      graceMs: milliseconds(drain["graceMs"]),
    }
  );
}

/** Where and when to come back, as a kick or a refused handshake says it; undefined when it does not. */
export function decodeComeBack(value: unknown): ComeBack | undefined {
  const comeBack = objectOf(value);
  return (
    comeBack && {
      afterMs: milliseconds(comeBack["afterMs"]),
      spreadMs: milliseconds(comeBack["spreadMs"]),
      url: textOf(comeBack["url"]),
    }
  );
}

/** Whether a side says in `sys.capabilities` of its handshake that it knows a system message. */
export function hasCapability(sys: { readonly capabilities?: unknown }, capability: Capability): boolean {
  return Array.isArray(sys.capabilities) && sys.capabilities.includes(capability);
}

/** A text that the other side wrote; undefined when it is none. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
}

/** A time that is none is none to wait. */
function milliseconds(value: unknown): number {
  return typeof value === "number" && value > 0 ? Math.min(value, longestComeBackMs) : 0;
}

const lenientUtf8 = new TextDecoder();
