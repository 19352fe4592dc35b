/*
 * How a session is resumed: fields of the handshake (PROTOCOL.md, 1), between sides that name `resume` in `sys.capabilities`, and one system message.
 *
 *     client → server   "sys": {"capabilities": ["resume"], …}
 *     server → client   "sys": {"capabilities": ["resume"], "resume": {"token": "…", "graceMs": 30000, "maxMessages": 1024, "maxBytes": 262144}, …}
 *
 * From here on each side counts the messages (packets of type 4) that it has sent and those that it has got, from 1 on; packets of other types are not
 * counted. It keeps what it sent, up to `maxMessages` and `maxBytes`, until the other side says in a system message how many it has got: at
 * a quarter of either limit, and with heartbeats.
 *
 *     either → other    {"received": 117}
 *
 * When the connection breaks, the client makes another:
 *
 *     client → server   "resume": {"token": "…", "received": 117, "forgotten": 40}
 *     server → client   "resume": {"token": "…", …, "received": 43}
 *
 * `received` is what each has got; the client can send again what comes after the first `forgotten`. With the handshake's ack both send what the other has not got, and then go
 * on. The answer has no `user` then: the application did not judge anew. An answer without `received` is that of a new session, with a
 * token of its own; `refused` tells why the old one is not resumed.
 *
 * A client that goes for good says so, `{"leave": true}` (system.ts), and its session ends with the connection.
 */

import type { DeliveryLimits } from "./delivery.js";

/** What a client says to resume its session; whatever it wrote. */
export interface ResumeClaim {
  readonly token: string;
  /** How many messages it has got. */
  readonly received: unknown;
  /** How many of its own messages it cannot send again. */
  readonly forgotten: unknown;
}

/** Why a session is not resumed: nobody has that token (any more), the client speaks otherwise than before, or not all can be sent again. */
export type ResumeRefusal = "unknown" | "profile" | "gap";

/** What a server says of resuming in its answer to a handshake. */
export interface ResumeOffer extends DeliveryLimits {
  /** The secret by which the session is resumed. */
  readonly token: string;
  /** How long the session is kept when its connection breaks, in milliseconds. */
  readonly graceMs: number;
  /** How many messages of a session that goes on the server has got. Absent: the session is new. */
  readonly received?: unknown;
  /** Why an old session is not resumed. */
  readonly refused?: ResumeRefusal;
}

/** The claim in a client's handshake; undefined when there is none. */
export function decodeResumeClaim(sys: object): ResumeClaim | undefined {
  const claim = "resume" in sys ? objectOf(sys.resume) : undefined;
  const token = claim?.["token"];
  return claim && typeof token === "string"
    ? { token, received: claim["received"], forgotten: claim["forgotten"] }
    : undefined;
}

/** The offer in a server's answer; undefined when there is none, or it cannot be used. */
export function decodeResumeOffer(value: unknown): ResumeOffer | undefined {
  const offer = objectOf(value);
  const { token, graceMs, maxMessages, maxBytes } = offer ?? {};
  return offer && typeof token === "string" && isLimit(graceMs) && isLimit(maxMessages) && isLimit(maxBytes)
    ? {
        token,
        graceMs,
        maxMessages: Math.min(maxMessages, mostMessages),
        maxBytes: Math.min(maxBytes, mostBytes),
        received: offer["received"],
      }
    : undefined;
}

/** The most messages and bytes that a side keeps for the other, whatever is agreed upon. */
export const mostMessages = 1_000_000;
export const mostBytes = 1_073_741_824;

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
}

function isLimit(value: unknown): value is number {
  return Number.isFinite(value) && (value as number) > 0;
}
