// A hot file: every timer goes through here each time that it is set and each time that it is due. No allocation, no search.

/** Something that waits for its tick on a {@link TimingWheel}. It waits on one wheel at a time. */
export abstract class WheelEntry {
  /** @internal The tick it waits for. */
  dueTick = 0;
  /** @internal Where on the wheel it is; -1: nowhere. */
  slot = nowhere;
  /** @internal */
  next: WheelEntry | undefined = undefined;
  /** @internal */
  previous: WheelEntry | undefined = undefined;

  /** Its tick has come; it is off the wheel, and may be set again. Must not throw. */
  abstract expired(): void;
}

/**
 * Entries by the tick they wait for, which is a whole number. Setting and removing one costs the same however many there
 * are. Entries whose tick has come are called in the order of their ticks, and those of one tick in the order in which
 * they were set.
 *
 * There are 7 wheels of 64 slots:
 *
 *     wheel 0   one slot a tick:          the ticks of the present 64
 *     wheel 1   one slot for 64 ticks:    those of the present 64², without the present 64
 *     …
 *     wheel 6   one slot for 64⁶ ticks:   up to 64⁷ ticks, 139 years of milliseconds
 *
 * When time comes to a slot of an upper wheel, its entries are set anew, and so move down: each at most six times. A
 * bit a slot tells which slots hold entries, so that time without any is leapt over.
 */
export class TimingWheel {
  readonly #first: (WheelEntry | undefined)[] = Array.from({ length: wheels * slots }, () => undefined);
  readonly #last: (WheelEntry | undefined)[] = Array.from({ length: wheels * slots }, () => undefined);
  /** Two words of 32 bits a wheel: which of its slots hold entries. */
  readonly #held = new Int32Array(wheels * 2);
  #tick: number;
  #size = 0;

  /** @param tick the tick that it is */
  constructor(tick = 0) {
    this.#tick = tick;
  }

  /** The last tick that was come to. */
  get tick(): number {
    return this.#tick;
  }

  /** How many entries wait. */
  get size(): number {
    return this.#size;
  }

  /**
   * Sets an entry, which is on no wheel.
   *
   * @param tick a tick that has come already stands for the next one
   */
  set(entry: WheelEntry, tick: number): void {
    this.#set(entry, Math.max(tick, this.#tick + 1));
  }

  /**
   * Sets an entry again that was called.
   *
   * @param tick a tick that has come already stands for the present one: an advance that is under way comes to it. Each time a
   * later one, or the advance never ends
   */
  setAgain(entry: WheelEntry, tick: number): void {
    this.#set(entry, Math.max(tick, this.#tick));
  }

  /** Takes an entry off; one that is not on the wheel is left alone. */
  remove(entry: WheelEntry): void {
    if (entry.slot !== nowhere) {
      this.#size--;
      this.#unlink(entry);
    }
  }

  /** The next tick at which there is something to do: an entry's, or one before it. Undefined when nothing waits. */
  next(): number | undefined {
    let unit = 1;
    for (let wheel = 0; wheel < wheels; wheel++) {
      const now = Math.floor(this.#tick / unit);
      const digit = now % slots;
      // The present slot of the lowest wheel holds what an advance that broke off has left, and what was set again.
      const slot = this.#heldFrom(wheel, wheel === 0 ? digit : digit + 1);
      if (slot !== nowhere) {
        return (now - digit + slot) * unit;
      }
      unit *= slots;
    }
    return undefined;
  }

  /**
   * Goes on to a tick, and calls every entry whose tick has come by then, also those that are set meanwhile.
   *
   * @param goOn asked after each call; when it says no the rest is left for the next advance
   * @returns whether it came to that tick
   */
  advance(tick: number, goOn: () => boolean = always): boolean {
    for (let next = this.next(); next !== undefined && next <= tick; next = this.next()) {
      if (next > this.#tick) {
        this.#tick = next;
        this.#moveDown();
      }
      const slot = next % slots;
      for (let entry = this.#first[slot]; entry !== undefined; entry = this.#first[slot]) {
        this.remove(entry);
        entry.expired();
        if (!goOn()) {
          return false;
        }
      }
    }
    this.#tick = Math.max(this.#tick, tick);
    return true;
  }

  #set(entry: WheelEntry, tick: number): void {
    entry.dueTick = tick;
    this.#size++;
    this.#place(entry);
  }

  /** The entries of the upper wheels' slots that begin at the present tick, the widest first. */
  #moveDown(): void {
    let wheel = 0;
    let unit = 1;
    while (wheel < wheels - 1 && this.#tick % (unit * slots) === 0) {
      wheel++;
      unit *= slots;
    }
    for (; wheel > 0; wheel--) {
      const slot = wheel * slots + (Math.floor(this.#tick / unit) % slots);
      for (let entry = this.#first[slot]; entry !== undefined; entry = this.#first[slot]) {
        this.#unlink(entry);
        this.#place(entry);
      }
      unit /= slots;
    }
  }

  /** The lowest wheel on which the entry's tick and the present one lie in the same round. */
  #place(entry: WheelEntry): void {
    let wheel = 0;
    let theirs = entry.dueTick;
    let ours = this.#tick;
    while (wheel < wheels - 1 && Math.floor(theirs / slots) !== Math.floor(ours / slots)) {
      wheel++;
      theirs = Math.floor(theirs / slots);
      ours = Math.floor(ours / slots);
    }
    const digit = theirs % slots;
    const slot = wheel * slots + digit;
    const last = this.#last[slot];
    entry.slot = slot;
    entry.previous = last;
    entry.next = undefined;
    this.#last[slot] = entry;
    if (last === undefined) {
      this.#first[slot] = entry;
      this.#mark(slot, true);
    } else {
      last.next = entry;
    }
  }

  #unlink(entry: WheelEntry): void {
    const { slot, next, previous } = entry;
    if (previous === undefined) {
      this.#first[slot] = next;
    } else {
      previous.next = next;
    }
    if (next === undefined) {
      this.#last[slot] = previous;
    } else {
      next.previous = previous;
    }
    if (previous === undefined && next === undefined) {
      this.#mark(slot, false);
    }
    entry.slot = nowhere;
    entry.next = undefined;
    entry.previous = undefined;
  }

  #mark(slot: number, holds: boolean): void {
    const word = slot >>> 5;
    const bit = 1 << (slot & 31);
    const bits = this.#held[word] ?? 0;
    this.#held[word] = holds ? bits | bit : bits & ~bit;
  }

  /** The first slot of a wheel, from a place on, that holds entries. */
  #heldFrom(wheel: number, place: number): number {
    for (let half = place >>> 5; half < 2; half++) {
      const below = half === place >>> 5 ? (1 << (place & 31)) - 1 : 0;
      const bits = (this.#held[wheel * 2 + half] ?? 0) & ~below;
      if (bits !== 0) {
        // The lowest bit that is set.
        return half * 32 + 31 - Math.clz32(bits & -bits);
      }
    }
    return nowhere;
  }
}

const wheels = 7;
const slots = 64;
const nowhere = -1;
const always = (): boolean => true;
