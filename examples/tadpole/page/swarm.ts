import type { Place, Tadpole } from "../generated/tadpole/v1/pond.js";
import { follow, type Motion } from "../motion.js";

/** How long words are to be seen, in milliseconds. */
const wordsMs = 5_000;

/** A tadpole as the page shows it. */
export interface Shown {
  readonly id: number;
  name: string;
  readonly hue: number;
  /** Where it is drawn. */
  readonly motion: Motion;
  /** Where the server said that it is, and where it must be by now. */
  readonly told: Motion;
  words: string;
  wordsUntil: number;
  /** How far its tail has swung: it swings faster in one that is faster. */
  swing: number;
}

/** All tadpoles that are there. */
export class Swarm {
  readonly #shown = new Map<number, Shown>();
  /** Oneself; 0 before one is in. */
  ownId = 0;

  get size(): number {
    return this.#shown.size;
  }

  get own(): Shown | undefined {
    return this.#shown.get(this.ownId);
  }

  all(): Iterable<Shown> {
    return this.#shown.values();
  }

  /** The pond as it is on entering. */
  begin(ownId: number, tadpoles: readonly Tadpole[]): void {
    this.#shown.clear();
    this.ownId = ownId;
    for (const tadpole of tadpoles) {
      this.came(tadpole);
    }
  }

  came({ id, name, hue, place }: Tadpole): void {
    const known = this.#shown.get(id);
    if (known !== undefined) {
      known.name = name;
      return;
    }
    const motion = motionOf(place);
    const told = { ...motion };
    this.#shown.set(id, { id, name, hue, motion, told, words: "", wordsUntil: 0, swing: id });
  }

  moved(place: Place): void {
    const shown = this.#shown.get(place.id);
    if (shown !== undefined) {
      Object.assign(shown.told, motionOf(place));
    }
  }

  said(id: number, words: string, now: number): void {
    const shown = this.#shown.get(id);
    if (shown !== undefined) {
      shown.words = words;
      shown.wordsUntil = now + wordsMs;
    }
  }

  left(id: number): void {
    this.#shown.delete(id);
  }

  /** Lets time pass for all but oneself. */
  pass(seconds: number): void {
    for (const shown of this.#shown.values()) {
      if (shown.id !== this.ownId) {
        follow(shown.motion, shown.told, seconds);
      }
      shown.swing += seconds * (3 + shown.motion.speed / 16);
    }
  }
}

function motionOf(place: Place | undefined): Motion {
  const { x = 0, y = 0, angle = 0, speed = 0 } = place ?? {};
  return { x, y, angle, speed };
}
