import { fromToken } from "./token.js";

/*
 * A frame is a plain message without headers. Its subject tells to whom it goes, and its reply subject from whom it comes, so that the frame itself is not copied:
 *
 *   subject  <cluster>.node.<id>.<incarnation>
 *   reply    <cluster>.from.<id>.<stay>.<peer>.<what>
 *
 * `stay` is made anew with each connection, `peer` is the sender's number for the receiver, and `what` is one of
 *
 *   <sequence>                     a whole frame; the sequence goes up with each message to that peer
 *   <sequence>-<index>-<count>     a piece of one
 *   ?                              no frame: is anybody there?
 *
 * Numbers are in base 36. Where nobody takes what is sent to a subject, NATS says so at once to the reply subject, which the sender listens to. NATS may put words
 * of its own before a reply subject that goes from one of its clusters to another: it is read from its end.
 */

/** From whom a message comes, and what it is. */
export interface FrameAddress {
  readonly from: string;
  readonly stay: string;
  /** undefined where it only asks whether anybody is there. */
  readonly sequence: number | undefined;
  /** Which piece it is, of how many. */
  readonly index: number;
  readonly count: number;
}

/** The last part of what is sent to see whether anybody takes it. */
export const probeMark = "?";

const longestId = 128;

/** Reads a reply subject; undefined where it is none of ours. */
export function parseFrameAddress(reply: string): FrameAddress | undefined {
  const parts = reply.split(".");
  const [kind, token = "", stay = "", , what = ""] = parts.slice(-5);
  const from = fromToken(token);
  if (kind !== "from" || parts.length < 6 || from === undefined || from.length > longestId || stay === "") {
    return undefined;
  }
  if (what === probeMark) {
    return { from, stay, sequence: undefined, index: 0, count: 1 };
  }
  const [sequence, index = 0, count = 1, ...rest] = what.split("-").map(parseNumber);
  return sequence === undefined || Number.isNaN(sequence) || !(index < count) || rest.length > 0
    ? undefined
    : { from, stay, sequence, index, count };
}

/** Which of the sender's peers a message went to, by its reply subject. */
export function parsePeer(reply: string): number | undefined {
  const peer = parseNumber(reply.split(".").at(-2) ?? "");
  return Number.isNaN(peer) ? undefined : peer;
}

function parseNumber(text: string): number {
  return /^[0-9a-z]{1,10}$/.test(text) ? Number.parseInt(text, 36) : Number.NaN;
}
