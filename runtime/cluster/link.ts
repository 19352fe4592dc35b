// The way between two nodes. A hot file: all that nodes say to each other goes through here. One frame a turn and direction; no closure, no promise and no timer a frame, and
// no copy of a long one.
//
// Two ends bind themselves to each other before a record crosses. Each life of an end has an epoch, and is bound to one life of the other end at the most, for good:
//
//   A 7                                       B 9
//     ── hello: from 7, to nobody ──────────▶   B binds itself to 7
//     ◀─ from 9 to 7, with what B has to say ─  A binds itself to 9, and takes it
//     ── from 7 to 9, with what A has to say ─▶ B takes it
//
// An end takes records of the life that it is bound to, and only when they are meant for its own. So none is taken twice, none of a life that is over, and none of a new
// life before the end has begun one of its own: that is when its owner is told that the link broke (decision 0039).

import { ByteBuffer } from "../base/byte-buffer.js";
import type { Clock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";
import type { EndOfTurn, Turn } from "../base/turn.js";
import {
  isLinkFrame,
  LinkFlag,
  linkAcknowledgedOf,
  linkFlagsOf,
  linkHeaderBytes,
  linkReceiverOf,
  linkSenderOf,
  linkSequenceOf,
  writeLinkFlags,
  writeLinkHeader,
} from "./link-frame.js";

/** How links behave: the same for all of a node. */
export interface LinkSettings {
  /** The longest frame, in bytes, with its header: what the driver says. */
  readonly maxFrameBytes: number;
  /** How long nothing may be heard on a link in use before the other end is asked for a word, in milliseconds. {@link Link.sweep} is called four times as often. Default: 1,000 */
  readonly heartbeatMs: number;
  /** How long nothing may be heard, or nothing be acknowledged of what was sent, before the link breaks, in milliseconds. Default: 5,000 */
  readonly silenceMs: number;
  /** How much may be written and not acknowledged before the link breaks, in bytes. Default: 16 MiB */
  readonly maxUnackedBytes: number;
}

/** What links are like where nothing is said. */
export const defaultLinkSettings = {
  heartbeatMs: 1_000,
  silenceMs: 5_000,
  maxUnackedBytes: 16 * 1_048_576,
} as const satisfies Omit<LinkSettings, "maxFrameBytes">;

/** What a link needs of the node that it belongs to. */
export interface LinkHost {
  readonly turn: Turn;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: LinkSettings;
  /** Hands a frame to the driver. Does not throw, and calls nothing of the link before it returns. */
  send(to: string, frame: Uint8Array): void;
}

/** Told by a link. Neither may throw. */
export interface LinkReceiver {
  /**
   * Records came: `bytes` from `start` to `end` hold a whole number of records, in order, each exactly once. The bytes may be kept as long as
   * the receiver likes; nobody writes to them any more, and neither may the receiver.
   */
  records(bytes: Uint8Array, start: number, end: number): void;
  /**
   * The link broke: what was written and not answered may have arrived or not, and nothing that either side knows of the other holds any more. Told once
   * a life of the link, and only when something was written or came in it. The link is fresh then, and may be used at once.
   *
   * @param reason `unavailable`
   */
  broken(reason: NanowireError): void;
}

/**
 * One end of the way between two nodes: records arrive there in order and once, though the driver may lose frames, or the link breaks, and both ends are told. What a
 * record is, the link does not know: its writer sees to it that the other side can tell one from the next.
 */
export class Link implements EndOfTurn {
  /** The id of the node at the other end. */
  readonly peerId: string;
  /** The longest record, in bytes: half of what may be unacknowledged, and 64 MiB at the most. */
  readonly maxRecordBytes: number;
  readonly #buffer = new ByteBuffer(linkHeaderBytes);
  readonly #host: LinkHost;
  readonly #receiver: LinkReceiver;
  #isClosed = false;
  #strangerLogged = false;

  // This life.

  #epoch: number;
  /** The life of the other end that this one is bound to; 0 before. */
  #peer = 0;
  /** The one that the last life with such a bond was bound to. It has to end, too: an old hello of it binds nobody. */
  #formerPeer = 0;
  /** Whether a record was written, or came, in this life. */
  #isUsed = false;
  /** Whether the other end is to be there: until {@link rest}. */
  #isInUse = false;

  // What is sent.

  /** Where the last whole record in the buffer ends. */
  #mark = linkHeaderBytes;
  /** Frames that are not acknowledged, oldest first; the last ones may not be sent yet. */
  readonly #kept: Uint8Array[] = [];
  #keptBytes = 0;
  /** The number of the last frame that was sent. */
  #sent = 0;
  /** The number of the last frame that the other end has got. */
  #acknowledged = 0;

  // What comes.

  /** The number of the last frame that came in order. */
  #received = 0;
  /** How many frames, and bytes, the other end has not been told of that they came. */
  #untoldFrames = 0;
  #untoldBytes = 0;
  /** The pieces of a record that is longer than a frame. */
  #pieces: Uint8Array[] = [];
  #piecesBytes = 0;

  // What is to be done at the end of the turn.

  #isDue = false;
  /** An idle frame is sent if nothing else is, with these flags besides. */
  #mustSpeak = false;
  #spokenFlags = 0;
  #mustResend = false;
  /** After which frame the other end was asked to send again, and was sent to again, since the last sweep; -1: it was not. */
  #askedAfter = -1;
  #resentAfter = -1;

  // What sweeps count.

  /** Whether something was heard, or acknowledged, since the last sweep. */
  #heard = false;
  #advanced = false;
  /** For how many sweeps nothing was. */
  #silentSweeps = 0;
  #stuckSweeps = 0;

  /**
   * @param peerId the id of the node at the other end
   * @param epoch greater than that of each link that the node had to that peer before: {@link epochAfter} of the last one, or of 0
   */
  constructor(host: LinkHost, peerId: string, epoch: number, receiver: LinkReceiver) {
    this.#host = host;
    this.peerId = peerId;
    this.#epoch = epoch;
    this.#receiver = receiver;
    this.maxRecordBytes = Math.min(greatestRecordBytes, Math.floor(host.settings.maxUnackedBytes / 2));
  }

  /** Where records are written, one after the other; {@link wrote} is called after each. What {@link wrote} was not told of by the end of the turn is forgotten. */
  get buffer(): ByteBuffer {
    const buffer = this.#buffer;
    if (buffer.bytes.length === 0) {
      buffer.bytes = this.#host.turn.spares.take() ?? buffer.bytes;
    }
    return buffer;
  }

  /** The number of this life. It grows with each. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Whether nothing was written or came in this life: there is nothing that could break. */
  get isFresh(): boolean {
    return !this.#isUsed;
  }

  /** Bytes that were written and not acknowledged: what waits to be sent is counted, too. */
  get unacknowledgedBytes(): number {
    return this.#keptBytes + this.#buffer.length;
  }

  /**
   * A record was written. It is sent at the end of the turn, with the others.
   *
   * @throws NanowireError `message_too_large` when it is longer than {@link maxRecordBytes}; it is taken back, and the link is as it was before
   */
  wrote(): void {
    const buffer = this.#buffer;
    if (this.#isClosed) {
      buffer.release();
      return;
    }
    const length = buffer.end - this.#mark;
    if (length > this.maxRecordBytes) {
      this.#takeBack();
      const message = `record of ${length} bytes for node ${this.peerId} is longer than ${this.maxRecordBytes}`;
      throw new NanowireError("message_too_large", message);
    }
    if (buffer.end > this.#host.settings.maxFrameBytes) {
      this.#cut();
    }
    this.#mark = buffer.end;
    this.#isInUse = true;
    if (this.#isUsed) {
      this.#due();
    } else {
      this.#isUsed = true;
      // A hello, while nobody is known. It is said again by sweeps.
      this.#speak(0);
    }
  }

  /** A frame came from the other end. Never throws, whatever it is. The bytes are the link's. */
  received(frame: Uint8Array): void {
    if (this.#isClosed) {
      return;
    }
    if (!isLinkFrame(frame)) {
      this.#strange(frame);
      return;
    }
    const sender = linkSenderOf(frame);
    const receiver = linkReceiverOf(frame);
    if (sender === this.#peer && receiver === this.#epoch) {
      this.#take(frame);
    } else {
      this.#meet(frame, sender, receiver);
    }
  }

  /** Begins anew: nobody is there, or the node left, or is another process now. The receiver is told, unless the link is fresh. */
  break(reason: NanowireError): void {
    if (!this.#isClosed) {
      const wasBound = this.#peer !== 0;
      const wasUsed = this.#beginAnew(0);
      if (wasBound) {
        // An end that is there after all learns at once.
        this.#speak(0);
      }
      if (wasUsed) {
        this.#receiver.broken(reason);
      }
    }
  }

  /** Asks the other end for a word: it is heard of again if it is there. */
  ask(): void {
    if (!this.#isClosed) {
      this.#speak(LinkFlag.ask);
    }
  }

  /**
   * The other end is not needed for now: it is not asked for a word any more until a record is written or comes. What is on its way still arrives. That the other end is gone, or
   * began anew, is found out only when there is something to say.
   */
  rest(): void {
    this.#isInUse = false;
  }

  /** The end of the link: nothing is sent or told any more. The other end finds out by itself. */
  close(): void {
    this.#isClosed = true;
    this.#forgetAll();
  }

  /** Called by the host a quarter of `heartbeatMs` after the last time. Calls are counted, and not the time: a process that stood still takes nobody for dead. */
  sweep(): void {
    if (this.#isClosed) {
      return;
    }
    const waits = this.#kept.length > 0 || this.#buffer.length > 0;
    const { silenceMs, heartbeatMs } = this.#host.settings;
    const patience = Math.ceil((silenceMs * sweepsPerHeartbeat) / heartbeatMs);
    this.#silentSweeps = this.#heard || !(waits || this.#isInUse) ? 0 : this.#silentSweeps + 1;
    this.#stuckSweeps = this.#advanced || !waits ? 0 : this.#stuckSweeps + 1;
    this.#heard = false;
    this.#advanced = false;
    this.#askedAfter = -1;
    this.#resentAfter = -1;
    if (this.#silentSweeps >= patience) {
      this.break(new NanowireError("unavailable", `no word from node ${this.peerId} for ${silenceMs} ms`));
    } else if (this.#stuckSweeps >= patience) {
      this.break(new NanowireError("unavailable", `node ${this.peerId} has taken nothing for ${silenceMs} ms`));
    } else if (isHeartbeat(this.#silentSweeps) || isHeartbeat(this.#stuckSweeps)) {
      this.#speak(LinkFlag.ask);
    } else if (this.#untoldFrames > 0) {
      this.#speak(0);
    }
  }

  /** Sends what the turn wrote. Called by {@link Turn}. */
  endOfTurn(): void {
    this.#isDue = false;
    if (this.#isClosed) {
      return;
    }
    if (this.#buffer.end > this.#mark) {
      this.#takeBack();
    }
    const { maxUnackedBytes } = this.#host.settings;
    if (this.unacknowledgedBytes > maxUnackedBytes) {
      const message = `${this.unacknowledgedBytes} bytes for node ${this.peerId} are not acknowledged, more than maxUnackedBytes ${maxUnackedBytes}`;
      this.break(new NanowireError("unavailable", message));
      return;
    }
    if (this.#mustResend) {
      this.#mustResend = false;
      this.#resend();
    }
    if (this.#buffer.length > 0 && this.#peer !== 0) {
      this.#seal();
    } else {
      this.#sendKept();
    }
    if (this.#mustSpeak) {
      this.#sendIdle();
    }
  }

  // Out: records → frame → driver.

  /** The buffer holds more than a frame does: what came before the last record is a frame, and the last record one of the next, or several. */
  #cut(): void {
    const buffer = this.#buffer;
    const { bytes, end } = buffer;
    const start = this.#mark;
    if (start > linkHeaderBytes) {
      buffer.end = start;
      this.#handOver();
    } else {
      buffer.release();
    }
    const most = this.#host.settings.maxFrameBytes - linkHeaderBytes;
    if (end - start <= most) {
      buffer.append(bytes.subarray(start, end));
      return;
    }
    for (let from = start; from < end; from += most) {
      const to = Math.min(end, from + most);
      const frame = new Uint8Array(linkHeaderBytes + to - from);
      frame.set(bytes.subarray(from, to), linkHeaderBytes);
      writeLinkFlags(frame, to < end ? LinkFlag.piece : LinkFlag.lastPiece);
      this.#keep(frame);
    }
    this.#sendKept();
  }

  /** Forgets what was written since the last record. */
  #takeBack(): void {
    this.#buffer.end = this.#mark;
    if (this.#mark === linkHeaderBytes) {
      this.#buffer.release();
    }
  }

  /** Makes a frame of what the buffer holds. */
  #seal(): void {
    const { bytes, end } = this.#buffer;
    if (end > mostCopiedBytes) {
      this.#handOver();
      return;
    }
    // What is kept has the length that it is counted with, and the array, which has grown already, is written to again.
    this.#send(bytes.slice(0, end));
    this.#host.turn.spares.give(bytes);
  }

  /** Makes a frame of the array itself. */
  #handOver(): void {
    const { bytes, end } = this.#buffer;
    this.#send(bytes.subarray(0, end));
  }

  /** A frame is whole: what is written next goes to another. */
  #send(frame: Uint8Array): void {
    this.#buffer.release();
    this.#mark = linkHeaderBytes;
    this.#keep(frame);
    this.#sendKept();
  }

  #keep(frame: Uint8Array): void {
    this.#kept.push(frame);
    this.#keptBytes += keptBytesOf(frame);
  }

  /** Sends the frames that were never sent. */
  #sendKept(): void {
    if (this.#peer === 0) {
      return;
    }
    for (let index = this.#sent - this.#acknowledged; index < this.#kept.length; index++) {
      const frame = this.#kept[index] as Uint8Array;
      this.#sent++;
      writeLinkHeader(frame, linkFlagsOf(frame), this.#epoch, this.#peer, this.#sent, this.#received);
      this.#host.send(this.peerId, frame);
      this.#told();
    }
  }

  /** Sends the frames once more that were sent and not acknowledged, as they are: what they acknowledge may be old. */
  #resend(): void {
    const count = this.#sent - this.#acknowledged;
    for (let index = 0; index < count; index++) {
      this.#host.send(this.peerId, this.#kept[index] as Uint8Array);
    }
  }

  #sendIdle(): void {
    const frame = new Uint8Array(linkHeaderBytes);
    const flags = LinkFlag.idle | this.#spokenFlags;
    writeLinkHeader(frame, flags, this.#epoch, this.#peer, this.#sent, this.#received);
    this.#spokenFlags = 0;
    this.#told();
    this.#host.send(this.peerId, frame);
  }

  /** A frame goes out, and the other end learns by it what came. */
  #told(): void {
    this.#untoldFrames = 0;
    this.#untoldBytes = 0;
    if (this.#spokenFlags === 0) {
      this.#mustSpeak = false;
    }
  }

  #speak(flags: number): void {
    this.#mustSpeak = true;
    this.#spokenFlags |= flags;
    this.#due();
  }

  #due(): void {
    if (!this.#isDue) {
      this.#isDue = true;
      this.#host.turn.atEnd(this);
    }
  }

  // In: frame → records → receiver.

  /** A frame of the life that this one is bound to, for this one. */
  #take(frame: Uint8Array): void {
    const acknowledged = linkAcknowledgedOf(frame);
    if (acknowledged > this.#sent) {
      this.#strange(frame);
      return;
    }
    this.#heard = true;
    this.#forget(acknowledged);
    const flags = linkFlagsOf(frame);
    if ((flags & LinkFlag.resend) !== 0 && acknowledged === this.#acknowledged && acknowledged !== this.#resentAfter) {
      this.#resentAfter = acknowledged;
      this.#mustResend = true;
      this.#due();
    }
    if ((flags & LinkFlag.ask) !== 0) {
      this.#speak(0);
    }
    const sequence = linkSequenceOf(frame);
    const isIdle = (flags & LinkFlag.idle) !== 0;
    const missing = sequence - this.#received - (isIdle ? 0 : 1);
    if (missing > 0) {
      this.#askAgain();
    } else if (missing < 0) {
      // It came before: what was told of it is lost perhaps.
      this.#speak(0);
    } else if (!isIdle) {
      this.#takeRecords(frame, flags, sequence);
    }
  }

  /** The next frame with records came. What it leads to comes last: the receiver may do anything with the link. */
  #takeRecords(frame: Uint8Array, flags: number, sequence: number): void {
    this.#received = sequence;
    this.#isUsed = true;
    this.#isInUse = true;
    this.#untoldFrames++;
    this.#untoldBytes += frame.length;
    if (this.#untoldFrames >= tellFrames || this.#untoldBytes >= tellBytes) {
      this.#speak(0);
    }
    if ((flags & (LinkFlag.piece | LinkFlag.lastPiece)) !== 0) {
      this.#takePiece(frame, (flags & LinkFlag.lastPiece) !== 0);
    } else if (frame.length > linkHeaderBytes) {
      this.#receiver.records(frame, linkHeaderBytes, frame.length);
    }
  }

  #takePiece(frame: Uint8Array, isLast: boolean): void {
    this.#pieces.push(frame);
    this.#piecesBytes += frame.length - linkHeaderBytes;
    if (this.#piecesBytes > greatestRecordBytes || this.#pieces.length > greatestRecordBytes / leastKeptBytes) {
      const message = `node ${this.peerId} sent a record that is longer than ${greatestRecordBytes} bytes`;
      this.break(new NanowireError("unavailable", message));
    } else if (isLast) {
      const record = new Uint8Array(this.#piecesBytes);
      let offset = 0;
      for (const piece of this.#pieces) {
        record.set(piece.subarray(linkHeaderBytes), offset);
        offset += piece.length - linkHeaderBytes;
      }
      this.#pieces = [];
      this.#piecesBytes = 0;
      this.#receiver.records(record, 0, record.length);
    }
  }

  /** Frames are missing: the other end is asked for them, once until some of them come or the next sweep. */
  #askAgain(): void {
    if (this.#askedAfter !== this.#received) {
      this.#askedAfter = this.#received;
      this.#speak(LinkFlag.resend);
    }
  }

  /** The other end has got all frames up to that one. */
  #forget(acknowledged: number): void {
    const count = acknowledged - this.#acknowledged;
    if (count > 0) {
      const kept = this.#kept;
      for (let index = 0; index < count; index++) {
        this.#keptBytes -= keptBytesOf(kept[index] as Uint8Array);
      }
      if (count === kept.length) {
        kept.length = 0;
      } else {
        kept.splice(0, count);
      }
      this.#acknowledged = acknowledged;
      this.#advanced = true;
    }
  }

  // How two lives meet.

  /** A frame of another life, or for another one, or for nobody. It is answered, once a turn: so the other end learns which life is here. */
  #meet(frame: Uint8Array, sender: number, receiver: number): void {
    const isBound = this.#peer !== 0;
    const isForUs = receiver === this.#epoch;
    if (receiver !== 0 && !isForUs) {
      // The other end is bound to another life of this one: to one that is over; or to a later one, before the process and the clock were set back.
      if (receiver > this.#epoch || (isBound && sender >= this.#peer)) {
        this.#brokenBy(receiver, 0);
      }
    } else if (isBound) {
      if (sender > this.#peer) {
        // A later life that is bound to this one of ours would have to wait for ever: ours is over.
        this.#brokenBy(receiver, isForUs ? 0 : sender);
      }
    } else if (isForUs || sender !== this.#formerPeer) {
      this.#peer = sender;
      if (isForUs) {
        this.#due();
        this.#take(frame);
        return;
      }
    }
    this.#speak(0);
  }

  /** The other end began anew, or has to. */
  #brokenBy(receiver: number, peer: number): void {
    const message = `node ${this.peerId} began anew`;
    const wasUsed = this.#beginAnew(receiver);
    this.#peer = peer;
    if (wasUsed) {
      this.#receiver.broken(new NanowireError("unavailable", message));
    }
  }

  /** @returns whether anything was written or came in the life that is over */
  #beginAnew(moreThan: number): boolean {
    const wasUsed = this.#isUsed;
    this.#epoch = Math.max(epochAfter(this.#epoch, this.#host.clock), moreThan + 1);
    if (this.#peer !== 0) {
      this.#formerPeer = this.#peer;
    }
    this.#forgetAll();
    return wasUsed;
  }

  #forgetAll(): void {
    this.#peer = 0;
    this.#isUsed = false;
    this.#isInUse = false;
    this.#buffer.release();
    this.#mark = linkHeaderBytes;
    this.#kept.length = 0;
    this.#keptBytes = 0;
    this.#sent = 0;
    this.#acknowledged = 0;
    this.#received = 0;
    this.#untoldFrames = 0;
    this.#untoldBytes = 0;
    this.#pieces = [];
    this.#piecesBytes = 0;
    this.#mustSpeak = false;
    this.#spokenFlags = 0;
    this.#mustResend = false;
    this.#askedAfter = -1;
    this.#resentAfter = -1;
    this.#heard = false;
    this.#advanced = false;
    this.#silentSweeps = 0;
    this.#stuckSweeps = 0;
  }

  /** What is no frame of a link is dropped; the first one is told of. */
  #strange(frame: Uint8Array): void {
    if (!this.#strangerLogged) {
      this.#strangerLogged = true;
      const fields = { node: this.peerId, bytes: frame.length, firstByte: frame[0] };
      this.#host.logger.warn(fields, "a frame that cannot be read came from a node: it is dropped, as all that follow");
    }
  }
}

/** The number of a life that begins now, after the one before; 0: there was none. */
export function epochAfter(former: number, clock: Clock): number {
  return Math.max(clock.now(), former + 1);
}

/** How often links are swept while a heartbeat lasts. */
export const sweepsPerHeartbeat = 4;

/** The longest record that is put together of pieces. */
const greatestRecordBytes = 64 * 1_048_576;
/** A longer frame is handed over with the array that it was written to. */
const mostCopiedBytes = 65_536;
/** What a frame counts for at least: a small one takes more memory than its bytes. */
const leastKeptBytes = 256;
/** After how many frames, or bytes, the other end is told at once that they came; else the next sweep tells. */
const tellFrames = 16;
const tellBytes = 65_536;

function keptBytesOf(frame: Uint8Array): number {
  return Math.max(frame.length, leastKeptBytes);
}

function isHeartbeat(sweeps: number): boolean {
  return sweeps > 0 && sweeps % sweepsPerHeartbeat === 0;
}
