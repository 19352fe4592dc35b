// Two ends of a link, and a way between them that loses, delays and is cut, while the ends break, stand still and are started anew. What must hold of every record that arrives is
// looked at where it arrives; what must come about once nothing is lost any more, at the end of each run.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { SteppedClock } from "../support/clock.js";
import { LinkEnd } from "./support/link-end.js";

const runs = 200;
const timeoutMs = 240_000;

const settings = { maxFrameBytes: 256, maxUnackedBytes: 8_192 };

type Side = "a" | "b";

type Step =
  | { readonly do: "write"; readonly side: Side; readonly lengths: readonly number[] }
  | { readonly do: "end the turn"; readonly side: Side }
  | { readonly do: "carry"; readonly side: Side; readonly frames: number }
  | { readonly do: "lose"; readonly side: Side; readonly at: number; readonly frames: number }
  | { readonly do: "cut"; readonly side: Side }
  | { readonly do: "mend"; readonly side: Side }
  | { readonly do: "sweep"; readonly side: Side; readonly times: number }
  | { readonly do: "run"; readonly rounds: number }
  | { readonly do: "break"; readonly side: Side }
  | { readonly do: "rest"; readonly side: Side }
  | { readonly do: "restart"; readonly side: Side; readonly setBackMs: number }
  | { readonly do: "stranger"; readonly side: Side; readonly bytes: Uint8Array };

const side = fc.constantFrom<Side>("a", "b");
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("write" as const),
      side,
      lengths: fc.array(fc.oneof({ weight: 9, arbitrary: fc.nat(40) }, { weight: 1, arbitrary: fc.nat(2_000) }), {
        minLength: 1,
        maxLength: 4,
      }),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("end the turn" as const), side }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant("carry" as const), side, frames: fc.integer({ min: 1, max: 6 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("lose" as const),
      side,
      at: fc.nat(4),
      frames: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cut" as const), side }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("mend" as const), side }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("sweep" as const), side, times: fc.integer({ min: 1, max: 8 }) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("run" as const), rounds: fc.integer({ min: 1, max: 24 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("break" as const), side }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("rest" as const), side }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("restart" as const),
      side,
      setBackMs: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(100_000) }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("stranger" as const), side, bytes: fc.uint8Array({ maxLength: 64 }) }),
  },
);

/** What a way does that is bad, and no worse: few enough at once that nobody is taken for dead. */
const badPatch = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("write" as const),
        side,
        lengths: fc.array(fc.oneof({ weight: 9, arbitrary: fc.nat(40) }, { weight: 1, arbitrary: fc.nat(600) }), {
          minLength: 1,
          maxLength: 2,
        }),
      }),
    },
    { weight: 6, arbitrary: fc.record({ do: fc.constant("end the turn" as const), side }) },
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant("carry" as const), side, frames: fc.integer({ min: 1, max: 6 }) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("lose" as const),
        side,
        at: fc.nat(4),
        frames: fc.integer({ min: 1, max: 3 }),
      }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant("sweep" as const), side, times: fc.constant(1) }) },
  ),
  { size: "max", maxLength: 20 },
);
const sweepsInPatch = 8;

/** One of the two, and what it knows that the link does not: its lives, as its owner sees them. */
class ModelEnd {
  readonly end: LinkEnd;
  readonly side: Side;
  readonly clock = new SteppedClock();
  /** Frames on their way to the other end, each with what it was when it was sent. */
  readonly way: { readonly frame: Uint8Array; readonly asSent: string }[] = [];
  isCut = false;
  /** Grows each time that the owner is told that the link broke, and when it is started anew. */
  life = 0;
  /** How many records were written in this life, and how many came in it. */
  written = 0;
  taken = 0;
  breaks = 0;
  /** Life of this end → life of the other that it exchanged records with. */
  readonly partners = new Map<number, number>();
  other: ModelEnd | undefined;

  constructor(side: Side) {
    this.side = side;
    this.end = new LinkEnd(side, side === "a" ? "b" : "a", this.clock, settings);
    this.end.onTold = () => this.#told(this.end.told.at(-1) as string);
  }

  write(length: number): void {
    const name = `${this.life} ${this.written++} `;
    this.end.write(name + "x".repeat(length));
  }

  send(): void {
    for (const frame of this.end.takeOut()) {
      expect(frame.length).toBeLessThanOrEqual(settings.maxFrameBytes);
      if (!this.isCut) {
        this.way.push({ frame, asSent: textOf(frame) });
      }
    }
  }

  endTurn(): void {
    this.end.endTurn();
    expect(this.end.link.unacknowledgedBytes).toBeLessThanOrEqual(settings.maxUnackedBytes);
    this.send();
  }

  sweep(): void {
    this.clock.step(this.end.settings.heartbeatMs / 4);
    this.end.link.sweep();
  }

  /** The first frames on the way arrive. */
  carry(count: number): void {
    for (const { frame, asSent } of this.way.splice(0, count)) {
      expect(textOf(frame)).toBe(asSent);
      this.other?.end.link.received(frame);
    }
  }

  restart(setBackMs: number): void {
    // A process that dies takes with it what it was about to send.
    this.end.takeOut();
    this.clock.step(1);
    this.clock.set(-setBackMs);
    this.end.restart();
    this.#nextLife();
  }

  #told(line: string): void {
    if (line.startsWith("broken: ")) {
      this.breaks++;
      this.#nextLife();
      // Its owner may use it at once.
      this.write(1);
      return;
    }
    const [life, number] = line.split(" ").map(Number) as [number, number];
    const sender = this.other as ModelEnd;
    this.#bind(life);
    sender.#bind(this.life, life);
    expect(number).toBe(this.taken++);
  }

  /** A record passes between a life of this end and one of the other: neither may have had another partner, and partners go on as lives do. */
  #bind(partner: number, life = this.life): void {
    const known = this.partners.get(life);
    if (known === undefined) {
      const former = Math.max(-1, ...[...this.partners].filter(([one]) => one < life).map(([, other]) => other));
      const later = Math.min(Infinity, ...[...this.partners].filter(([one]) => one > life).map(([, other]) => other));
      expect(partner).toBeGreaterThan(former);
      expect(partner).toBeLessThan(later);
      this.partners.set(life, partner);
    } else {
      expect(partner).toBe(known);
    }
  }

  #nextLife(): void {
    this.life++;
    this.written = 0;
    this.taken = 0;
  }
}

function textOf(frame: Uint8Array): string {
  return Buffer.from(frame.buffer, frame.byteOffset, frame.length).toString("latin1");
}

function modelOf(): Record<Side, ModelEnd> {
  const a = new ModelEnd("a");
  const b = new ModelEnd("b");
  a.other = b;
  b.other = a;
  return { a, b };
}

function run(ends: Record<Side, ModelEnd>, one: Step): void {
  if (one.do === "run") {
    rounds(ends, one.rounds);
    return;
  }
  const each = ends[one.side];
  switch (one.do) {
    case "write":
      for (const length of one.lengths) {
        each.write(length);
      }
      break;
    case "end the turn":
      each.endTurn();
      break;
    case "carry":
      each.carry(one.frames);
      break;
    case "lose":
      each.way.splice(one.at, one.frames);
      break;
    case "cut":
    case "mend":
      each.isCut = one.do === "cut";
      break;
    case "sweep":
      for (let time = 0; time < one.times; time++) {
        each.sweep();
      }
      break;
    case "break":
      each.end.link.break(new NanowireError("unavailable", "gone"));
      break;
    case "rest":
      each.end.link.rest();
      break;
    case "restart":
      each.restart(one.setBackMs);
      break;
    case "stranger":
      each.end.link.received(one.bytes);
      break;
  }
}

/** Time goes on at both ends, and nothing is late. Returns how many frames crossed. */
function rounds(ends: Record<Side, ModelEnd>, count: number): number {
  let frames = 0;
  for (let round = 0; round < count; round++) {
    for (const each of [ends.a, ends.b]) {
      each.sweep();
      each.endTurn();
      frames += each.way.length;
      each.carry(each.way.length);
    }
  }
  return frames;
}

describe("two ends of a link, whatever happens between them", () => {
  it(
    "take each record once, in order, from one life of the other end each; and agree in the end",
    () => {
      fc.assert(
        fc.property(fc.array(step, { size: "max", maxLength: 150 }), (steps) => {
          const ends = modelOf();
          for (const one of steps) {
            run(ends, one);
          }

          ends.a.isCut = false;
          ends.b.isCut = false;
          // Who is at rest finds out when it has something to say.
          ends.a.write(1);
          ends.b.write(1);
          const before = [ends.a.breaks, ends.b.breaks] as const;
          rounds(ends, 16);

          for (const [one, other] of [
            [ends.a, ends.b],
            [ends.b, ends.a],
          ] as const) {
            expect(one.end.link.unacknowledgedBytes).toBe(0);
            // All that was written in this life has come, in the life that is its partner's.
            expect(other.taken).toBe(one.written);
          }
          expect(ends.a.breaks - before[0]).toBeLessThanOrEqual(3);
          expect(ends.b.breaks - before[1]).toBeLessThanOrEqual(3);

          // And then it is quiet, but for what was being answered.
          ends.a.end.link.rest();
          ends.b.end.link.rest();
          rounds(ends, 1);
          expect(rounds(ends, 30)).toBe(0);
        }),
        { numRuns: runs },
      );
    },
    timeoutMs,
  );

  it(
    "are not broken by a way that loses and delays, as long as something arrives now and then",
    () => {
      fc.assert(
        fc.property(fc.array(badPatch, { minLength: 1, maxLength: 8 }), (patches) => {
          const ends = modelOf();
          for (const patch of patches) {
            const left = { a: sweepsInPatch, b: sweepsInPatch };
            for (const one of patch.filter((each) => each.do !== "sweep" || left[each.side]-- > 0)) {
              run(ends, one);
            }
            rounds(ends, 8);
          }
          expect([...ends.a.end.breaks, ...ends.b.end.breaks]).toEqual([]);
          expect([ends.a.taken, ends.b.taken]).toEqual([ends.b.written, ends.a.written]);
        }),
        { numRuns: runs },
      );
    },
    timeoutMs,
  );
});
