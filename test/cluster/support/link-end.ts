import type { NanowireError } from "../../../runtime/base/error.js";
import { Turn } from "../../../runtime/base/turn.js";
import {
  defaultLinkSettings,
  epochAfter,
  Link,
  type LinkHost,
  type LinkReceiver,
  type LinkSettings,
} from "../../../runtime/cluster/link.js";
import type { SteppedClock } from "../../support/clock.js";
import { KeptLog } from "../../support/log.js";

/** A node with one link, whose turns end when they are told to. What it sends waits in `out`; what it is told is in `told`. */
export class LinkEnd implements LinkHost, LinkReceiver {
  readonly id: string;
  readonly clock: SteppedClock;
  readonly logger = new KeptLog();
  readonly settings: LinkSettings;
  turn: Turn;
  /** Frames that were handed to the driver, oldest first. */
  readonly out: Uint8Array[] = [];
  /** The records that came, as text, and `broken: …` for each break, in order. */
  readonly told: string[] = [];
  /** Called for each record, and each break, after it was put down. */
  onTold: () => void = () => {};
  link: Link;
  readonly #peerId: string;
  #endings: (() => void)[] = [];

  constructor(id: string, peerId: string, clock: SteppedClock, settings: Partial<LinkSettings> = {}) {
    this.id = id;
    this.clock = clock;
    this.settings = { ...defaultLinkSettings, maxFrameBytes: 1_024, ...settings };
    this.turn = this.#newTurn();
    this.#peerId = peerId;
    this.link = new Link(this, peerId, epochAfter(0, clock), this);
  }

  /** What was told of breaks alone. */
  get breaks(): string[] {
    return this.told.filter((line) => line.startsWith("broken: "));
  }

  /** What was told of records alone. */
  get taken(): string[] {
    return this.told.filter((line) => !line.startsWith("broken: "));
  }

  /** Writes records. */
  write(...records: string[]): void {
    for (const record of records) {
      writeRecord(this.link, record);
    }
  }

  /** The turn ends, and those that its end leads to. */
  endTurn(): void {
    while (this.#endings.length > 0) {
      const endings = this.#endings;
      this.#endings = [];
      for (const end of endings) {
        end();
      }
    }
  }

  /** Takes what was sent, as if it had never been. */
  takeOut(): Uint8Array[] {
    return this.out.splice(0);
  }

  /** The process is another one: nothing of what was is known, and the turn that it was in never ends. */
  restart(epoch = epochAfter(0, this.clock)): void {
    this.link.close();
    this.#endings = [];
    this.turn = this.#newTurn();
    this.link = new Link(this, this.#peerId, epoch, this);
  }

  send(_to: string, frame: Uint8Array): void {
    this.out.push(frame);
  }

  records(bytes: Uint8Array, start: number, end: number): void {
    for (const record of readRecords(bytes, start, end)) {
      this.told.push(record);
      this.onTold();
    }
  }

  broken(reason: NanowireError): void {
    this.told.push(`broken: ${reason.message}`);
    this.onTold();
  }

  #newTurn(): Turn {
    return new Turn((task) => void this.#endings.push(task));
  }
}

/** Writes a record: its length in four bytes, and its text. */
export function writeRecord(link: Link, text: string): void {
  const bytes = new TextEncoder().encode(text);
  const start = link.buffer.reserve(4);
  new DataView(link.buffer.bytes.buffer).setUint32(start, bytes.length);
  link.buffer.append(bytes);
  link.wrote();
}

/** The records from start to end, as text. */
export function readRecords(bytes: Uint8Array, start: number, end: number): string[] {
  const records: string[] = [];
  let at = start;
  while (at < end) {
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);
    if (at + 4 + length > end) {
      throw new Error(`a record of ${length} bytes at ${at} is cut at ${end}`);
    }
    records.push(new TextDecoder().decode(bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return records;
}
