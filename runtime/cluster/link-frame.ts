// What a frame between two nodes begins with. A hot file: each frame of a link goes through here. No view, no object a frame.
//
//   byte   0        1       2                8                14             20                26
//          ┌────────┬───────┬────────────────┬────────────────┬──────────────┬─────────────────┬───────────┐
//          │ layout │ flags │ sender's epoch │ receiver's     │ sequence     │ acknowledgement │ records … │
//          │ 1      │       │                │ epoch, or 0    │              │                 │           │
//          └────────┴───────┴────────────────┴────────────────┴──────────────┴─────────────────┴───────────┘
//
// Numbers are of 48 bits, the highest byte first. An epoch is one life of a node's end of the link: each is greater than the one before. The receiver's is the one
// that the sender is bound to; 0: it is bound to none yet. The sequence counts the frames with records from 1 on; in an idle frame it is the number of the last one that was
// sent. The acknowledgement is the number of the last one that came in order.

/** How many bytes the header of a frame takes. */
export const linkHeaderBytes = 26;

/** The greatest epoch of a frame that is read: in milliseconds, in the year 2109. Bytes that mean something else are hardly ever below. */
export const greatestEpoch = 0x3ff_ffff_ffff;

/** What a frame says of itself: the flags are added up. */
export const LinkFlag = {
  /** It has no records, and no number of its own. */
  idle: 1,
  /** An answer is wanted at once, if only an idle frame. */
  ask: 2,
  /** A frame is missing: all that come after the acknowledged one are to be sent again. */
  resend: 4,
  /** It holds a piece of a record that is longer than a frame; the next frame goes on with it. */
  piece: 8,
  /** It holds the last piece of such a record. */
  lastPiece: 16,
} as const;

const layout = 1;
const allFlags = 31;

const flagsAt = 1;
const senderAt = 2;
const receiverAt = 8;
const sequenceAt = 14;
const acknowledgedAt = 20;

/** Writes a header to the first {@link linkHeaderBytes} bytes of a frame. */
export function writeLinkHeader(
  frame: Uint8Array,
  flags: number,
  sender: number,
  receiver: number,
  sequence: number,
  acknowledged: number,
): void {
  frame[0] = layout;
  frame[flagsAt] = flags;
  write48(frame, senderAt, sender);
  write48(frame, receiverAt, receiver);
  write48(frame, sequenceAt, sequence);
  write48(frame, acknowledgedAt, acknowledged);
}

/** Writes the flags of a frame whose header is not written yet. {@link linkFlagsOf} reads them. */
export function writeLinkFlags(frame: Uint8Array, flags: number): void {
  frame[flagsAt] = flags;
}

/** Whether it is a frame of a link, as far as can be told by its header: the others may be a newer version's. */
export function isLinkFrame(frame: Uint8Array): boolean {
  if (frame.length < linkHeaderBytes || frame[0] !== layout) {
    return false;
  }
  const flags = linkFlagsOf(frame);
  const sender = linkSenderOf(frame);
  if ((flags & ~allFlags) !== 0 || sender === 0 || sender > greatestEpoch || linkReceiverOf(frame) > greatestEpoch) {
    return false;
  }
  const pieces = flags & (LinkFlag.piece | LinkFlag.lastPiece);
  return (flags & LinkFlag.idle) !== 0
    ? frame.length === linkHeaderBytes && pieces === 0
    : linkSequenceOf(frame) > 0 && linkReceiverOf(frame) > 0 && pieces !== (LinkFlag.piece | LinkFlag.lastPiece);
}

/** The {@link LinkFlag}s of a frame. */
export function linkFlagsOf(frame: Uint8Array): number {
  return frame[flagsAt] as number;
}

/** The epoch of who sent a frame. */
export function linkSenderOf(frame: Uint8Array): number {
  return read48(frame, senderAt);
}

/** The epoch of who is to get a frame, as its sender knows it; 0: not known. */
export function linkReceiverOf(frame: Uint8Array): number {
  return read48(frame, receiverAt);
}

/** The number of a frame; of an idle one: of the last that has one. */
export function linkSequenceOf(frame: Uint8Array): number {
  return read48(frame, sequenceAt);
}

/** The number of the last frame that its sender got in order. */
export function linkAcknowledgedOf(frame: Uint8Array): number {
  return read48(frame, acknowledgedAt);
}

const twoTo32 = 0x1_0000_0000;

function write48(frame: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / twoTo32);
  const low = value >>> 0;
  frame[at] = high >>> 8;
  frame[at + 1] = high;
  frame[at + 2] = low >>> 24;
  frame[at + 3] = low >>> 16;
  frame[at + 4] = low >>> 8;
  frame[at + 5] = low;
}

function read48(frame: Uint8Array, at: number): number {
  const high = ((frame[at] as number) << 8) | (frame[at + 1] as number);
  const low =
    ((frame[at + 2] as number) << 24) |
    ((frame[at + 3] as number) << 16) |
    ((frame[at + 4] as number) << 8) |
    (frame[at + 5] as number);
  return high * twoTo32 + (low >>> 0);
}
