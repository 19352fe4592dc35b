import type { HeldBytes } from "../held-bytes.js";
import type { TcpSegment } from "./tcp-segment.js";

/** One of the two sides of a connection. */
export type SideIndex = 0 | 1;

/** Takes what goes over a TCP connection, in its order. */
export interface FlowSink {
  /**
   * Bytes of a side, which are written again after the call.
   *
   * @param client the side that made the connection; undefined where that was not seen
   */
  data(side: SideIndex, bytes: Uint8Array, timeUs: number, client: SideIndex | undefined): void;
  /** So many bytes of a side are not in the capture. */
  gap(side: SideIndex, bytes: number, timeUs: number): void;
  /** The connection ends. @param by who ended it; undefined: nobody did, as far as the capture goes */
  close(by: SideIndex | undefined, timeUs: number): void;
}

/** A segment that waits for what comes before it. */
interface HeldSegment {
  readonly seq: number;
  readonly ack: number | undefined;
  readonly bytes: Uint8Array;
  readonly timeUs: number;
}

/** One side's stream. */
interface Side {
  /** The number of its SYN; undefined while none was seen. */
  first: number | undefined;
  /** The number of the byte that comes next; undefined while nobody knows. */
  next: number | undefined;
  /** What waits, by its numbers. */
  readonly held: HeldSegment[];
  heldBytes: number;
  /** What the other side said that it has got: the number behind it. */
  acked: number | undefined;
  /** The number of its FIN, and what it had got by then. */
  fin: { readonly seq: number; readonly ack: number | undefined } | undefined;
  isDone: boolean;
}

/** Beyond these a side waits no longer for what is missing. */
const maxHeldSegments = 4_096;
const maxHeldBytes = 4_194_304;

/** What the other side has got and the capture has not: so long later it is taken for lost. */
const lostAfterUs = 1_000_000;
/** What nobody is known to have got may still be sent again. */
const givenUpAfterUs = 60_000_000;
/** A segment that begins further ahead than a window can be belongs to something else. */
const furthestAhead = 1 << 30;

/**
 * A TCP connection as it was captured: puts the segments of both sides in order, whatever was sent twice, overlaps, or came in another order. What
 * a side says is told after what it had got by then, so that an answer never comes before its question.
 */
export class TcpFlow {
  readonly #sink: FlowSink;
  readonly #budget: HeldBytes;
  readonly #sides: readonly [Side, Side] = [newSide(), newSide()];
  /** Since when something waits; undefined when nothing does. */
  #waitsSince: number | undefined;
  #lastUs = 0;
  #client: SideIndex | undefined;
  #endedBy: SideIndex | undefined;
  #resetBy: SideIndex | undefined;
  /** Whether a side was waited for, of which nothing came. */
  #isOneSided = false;
  #isClosed = false;

  constructor(sink: FlowSink, budget: HeldBytes) {
    this.#sink = sink;
    this.#budget = budget;
  }

  /** Whether it is over. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** When its last segment was seen. */
  get lastUs(): number {
    return this.#lastUs;
  }

  /** Whether a segment begins another connection between the same two. */
  isAnother(side: SideIndex, segment: TcpSegment): boolean {
    const { first, next } = this.#sides[side];
    return segment.isSyn && (first === undefined ? next !== undefined : first !== segment.seq);
  }

  /** A segment was seen. */
  take(index: SideIndex, segment: TcpSegment, timeUs: number): void {
    this.#lastUs = Math.max(this.#lastUs, timeUs);
    if (this.#isClosed) {
      return;
    }
    const side = this.#sides[index];
    const other = this.#sides[1 - index] as Side;
    const { ack } = segment;
    if (ack !== undefined && (other.acked === undefined || distance(ack, other.acked) > 0)) {
      other.acked = ack;
    }
    if (segment.isSyn) {
      this.#client ??= ack === undefined ? index : ((1 - index) as SideIndex);
    }
    if (segment.isSyn && side.first === undefined) {
      side.first = segment.seq;
      side.next = (segment.seq + 1) >>> 0;
    }
    const seq = segment.isSyn ? (segment.seq + 1) >>> 0 : segment.seq;
    if (segment.isFin) {
      side.fin ??= { seq: (seq + segment.payloadBytes) >>> 0, ack };
    }
    if (segment.isReset) {
      this.#resetBy ??= index;
    } else if (segment.payload.length > 0) {
      this.#data(index, seq, segment, timeUs);
    }
    this.#pump(timeUs);
    if (side.held.length > maxHeldSegments || side.heldBytes > maxHeldBytes) {
      this.#giveUpWaiting(timeUs);
    }
  }

  /** Time goes on: what was waited for long enough is given up. @returns whether the flow still waits for something */
  look(nowUs: number): boolean {
    const since = this.#waitsSince;
    if (since !== undefined && !this.#isClosed) {
      const isLost = this.#sides.some((side) => side.next === undefined || isAckedPast(side, side.next));
      if (nowUs - since >= (isLost || this.#resetBy !== undefined ? lostAfterUs : givenUpAfterUs)) {
        this.#giveUpWaiting(nowUs);
      }
    }
    return this.#waitsSince !== undefined && !this.#isClosed;
  }

  /** Nothing more will come. */
  end(timeUs = this.#lastUs): void {
    while (this.#waitsSince !== undefined && !this.#isClosed) {
      this.#giveUpWaiting(timeUs);
    }
    this.#close(timeUs);
  }

  /** Lets go of everything. */
  drop(): void {
    this.#isClosed = true;
    this.#waitsSince = undefined;
    for (const side of this.#sides) {
      this.#budget.add(-side.heldBytes);
      side.heldBytes = 0;
      side.held.length = 0;
    }
  }

  #data(index: SideIndex, seq: number, { ack, payload }: TcpSegment, timeUs: number): void {
    const side = this.#sides[index];
    if (side.next !== undefined) {
      const ahead = distance(seq, side.next);
      if (ahead + payload.length <= 0 || ahead > furthestAhead) {
        // It came before, or belongs to nothing that is known here.
        return;
      }
      if (ahead <= 0 && side.held.length === 0 && this.#hasGot(index, ack)) {
        this.#tell(index, payload.subarray(-ahead), timeUs);
        return;
      }
    }
    hold(side, { seq, ack, bytes: payload.slice(), timeUs }, this.#budget);
  }

  /** Tells what can be told. */
  #pump(timeUs: number): void {
    for (let goesOn = true; goesOn && !this.#isClosed; ) {
      goesOn = this.#advance(0) || this.#advance(1);
    }
    if (this.#isClosed) {
      return;
    }
    const waits = this.#sides.some(
      (side) =>
        side.held.length > 0 ||
        (side.next !== undefined && (isAckedPast(side, side.next) || (side.fin !== undefined && !side.isDone))),
    );
    this.#waitsSince = waits ? (this.#waitsSince ?? timeUs) : undefined;
    if (!waits && (this.#resetBy !== undefined || this.#sides.every(({ isDone }) => isDone))) {
      this.#close(timeUs);
    }
  }

  /** @returns whether there was something to tell of that side */
  #advance(index: SideIndex): boolean {
    const side = this.#sides[index];
    if (side.next === undefined) {
      return false;
    }
    const { held } = side;
    // What is sent again may come with more behind it, which was said later: what was sent first goes on.
    for (let at = 0; at < held.length; at++) {
      const segment = held[at] as HeldSegment;
      const ahead = distance(segment.seq, side.next);
      if (ahead > 0) {
        return false;
      }
      const isOld = ahead + segment.bytes.length <= 0;
      if (isOld || this.#hasGot(index, segment.ack)) {
        held.splice(at, 1);
        side.heldBytes -= segment.bytes.length;
        this.#budget.add(-segment.bytes.length);
        if (!isOld) {
          this.#tell(index, segment.bytes.subarray(-ahead), segment.timeUs);
        }
        return true;
      }
    }
    if (held.length > 0) {
      return false;
    }
    const { fin } = side;
    if (fin !== undefined && !side.isDone && side.next === fin.seq && this.#hasGot(index, fin.ack)) {
      this.#endedBy ??= index;
      side.next = (side.next + 1) >>> 0;
      side.isDone = true;
      return true;
    }
    return false;
  }

  /** Whether all was told of the other side that this one had got when it said something. */
  #hasGot(index: SideIndex, ack: number | undefined): boolean {
    const { next, held, first } = this.#sides[1 - index] as Side;
    if (ack === undefined || (next === undefined && held.length === 0 && first === undefined && this.#isOneSided)) {
      return true;
    }
    return next !== undefined && distance(ack, next) <= 0;
  }

  #tell(index: SideIndex, bytes: Uint8Array, timeUs: number): void {
    const side = this.#sides[index];
    side.next = ((side.next as number) + bytes.length) >>> 0;
    this.#sink.data(index, bytes, timeUs, this.#client);
  }

  /** What is missing is taken for lost, as much of it as is in the way now. */
  #giveUpWaiting(timeUs: number): void {
    this.#waitsSince = undefined;
    this.#isOneSided = true;
    const unbegun = this.#sides.filter((side) => side.next === undefined && side.held.length > 0);
    for (const side of unbegun) {
      side.next = side.held[0]?.seq;
    }
    if (unbegun.length === 0) {
      const [, index] = this.#sides
        .flatMap((side, at) => {
          const missing = missingBytes(side);
          return missing === 0 ? [] : [[side.held[0]?.timeUs ?? timeUs, at as SideIndex] as const];
        })
        .sort(([a], [b]) => a - b)[0] ?? [0, undefined];
      if (index === undefined) {
        // Each waits for the other to have got something: the numbers contradict each other.
        for (const side of this.#sides) {
          side.acked = undefined;
          side.fin = side.fin && side.next === side.fin.seq ? { ...side.fin, ack: undefined } : undefined;
          for (const [at, segment] of side.held.entries()) {
            side.held[at] = { ...segment, ack: undefined };
          }
        }
      } else {
        const side = this.#sides[index];
        const missing = missingBytes(side);
        side.next = ((side.next as number) + missing) >>> 0;
        this.#sink.gap(index, missing, timeUs);
      }
    }
    this.#pump(timeUs);
  }

  #close(timeUs: number): void {
    if (!this.#isClosed) {
      this.drop();
      this.#sink.close(this.#endedBy ?? this.#resetBy, timeUs);
    }
  }
}

function newSide(): Side {
  return {
    first: undefined,
    next: undefined,
    held: [],
    heldBytes: 0,
    acked: undefined,
    fin: undefined,
    isDone: false,
  };
}

/** How many bytes are missing before something that was seen, or else was got by the other side; 0 for none. */
function missingBytes({ next, held, acked, fin }: Side): number {
  if (next === undefined) {
    return 0;
  }
  const [first] = held;
  const ahead = (first === undefined ? [acked, fin?.seq] : [first.seq])
    .filter((seq) => seq !== undefined)
    .map((seq) => distance(seq, next))
    .filter((bytes) => bytes > 0);
  return ahead.length === 0 ? 0 : Math.min(...ahead);
}

function isAckedPast({ acked }: Side, next: number): boolean {
  return acked !== undefined && distance(acked, next) > 0;
}

/** Puts a segment among those that wait, unless it is there. */
function hold(side: Side, segment: HeldSegment, budget: HeldBytes): void {
  const { held } = side;
  let at = held.length;
  while (at > 0 && distance((held[at - 1] as HeldSegment).seq, segment.seq) > 0) {
    at--;
  }
  const before = held[at - 1];
  if (
    before !== undefined &&
    before.seq === segment.seq &&
    before.bytes.length >= segment.bytes.length &&
    isSooner(before.ack, segment.ack)
  ) {
    return;
  }
  held.splice(at, 0, segment);
  side.heldBytes += segment.bytes.length;
  budget.add(segment.bytes.length);
}

/** Whether who said the first had got no more than who said the second. */
function isSooner(ack: number | undefined, other: number | undefined): boolean {
  return ack === undefined || (other !== undefined && distance(ack, other) <= 0);
}

/** How far one number is ahead of another, of numbers that begin again after 2^32. */
function distance(seq: number, from: number): number {
  return (seq - from) | 0;
}
