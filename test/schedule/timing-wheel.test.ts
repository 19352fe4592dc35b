import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TimingWheel, WheelEntry } from "../../runtime/schedule/timing-wheel.js";

/** An entry that notes when it is called. */
class Noted extends WheelEntry {
  readonly name: string;
  readonly #expired: (entry: Noted) => void;

  constructor(name: string, expired: (entry: Noted) => void) {
    super();
    this.name = name;
    this.#expired = expired;
  }

  expired(): void {
    this.#expired(this);
  }
}

function noting(tick = 0) {
  const wheel = new TimingWheel(tick);
  const called: string[] = [];
  const entry = (name: string, then?: (entry: Noted) => void): Noted =>
    new Noted(name, (self) => {
      called.push(`${name}@${wheel.tick}`);
      then?.(self);
    });
  return { wheel, called, entry };
}

describe("TimingWheel", () => {
  it("calls an entry at its tick, once, and not before", () => {
    const { wheel, called, entry } = noting();
    wheel.set(entry("a"), 5);
    wheel.advance(4);
    expect([called, wheel.size, wheel.tick]).toEqual([[], 1, 4]);
    wheel.advance(5);
    wheel.advance(500);
    expect([called, wheel.size, wheel.tick]).toEqual([["a@5"], 0, 500]);
  });

  it.each([
    1,
    63,
    64,
    65,
    127,
    128,
    4_095,
    4_096,
    4_097,
    262_143,
    262_144,
    16_777_217,
    64 ** 5,
    64 ** 6 + 3,
    64 ** 7 - 64,
  ])("finds its way to tick %d in one leap, and by what it says is next", (tick) => {
    for (const begin of [0, 1, 63]) {
      const leap = noting(begin);
      leap.wheel.set(leap.entry("a"), begin + tick);
      leap.wheel.advance(begin + tick);
      expect(leap.called).toEqual([`a@${begin + tick}`]);

      const stepped = noting(begin);
      stepped.wheel.set(stepped.entry("a"), begin + tick);
      let looks = 0;
      for (let next = stepped.wheel.next(); next !== undefined; next = stepped.wheel.next()) {
        stepped.wheel.advance(next);
        looks++;
      }
      expect(stepped.called).toEqual([`a@${begin + tick}`]);
      // Once a wheel at the most.
      expect(looks).toBeLessThanOrEqual(7);
    }
  });

  it("calls those of one tick in the order in which they were set, wherever they came from", () => {
    const { wheel, called, entry } = noting();
    wheel.set(entry("far"), 5_000);
    wheel.advance(100);
    wheel.set(entry("nearer"), 5_000);
    wheel.advance(4_990);
    wheel.set(entry("near"), 5_000);
    wheel.advance(6_000);
    expect(called).toEqual(["far@5000", "nearer@5000", "near@5000"]);
  });

  it("takes a tick that has come already for the next one", () => {
    const { wheel, called, entry } = noting(10);
    wheel.set(entry("a"), 3);
    wheel.set(entry("b"), 10);
    wheel.set(entry("c"), -5);
    wheel.advance(10);
    expect(called).toEqual([]);
    wheel.advance(11);
    expect(called).toEqual(["a@11", "b@11", "c@11"]);
  });

  it("does not call what was removed, and removes the same twice without harm", () => {
    const { wheel, called, entry } = noting();
    const [a, b, c] = [entry("a"), entry("b"), entry("c")];
    for (const each of [a, b, c]) {
      wheel.set(each, 70);
    }
    wheel.remove(b);
    wheel.remove(b);
    expect(wheel.size).toBe(2);
    wheel.advance(64);
    wheel.remove(a);
    wheel.advance(100);
    wheel.remove(c);
    expect([called, wheel.size, wheel.next()]).toEqual([["c@70"], 0, undefined]);
  });

  it("lets an entry remove another of its tick, and set itself again", () => {
    const { wheel, called, entry } = noting();
    const b = entry("b");
    wheel.set(
      entry("a", (self) => {
        wheel.remove(b);
        wheel.set(self, wheel.tick + 10);
      }),
      10,
    );
    wheel.set(b, 10);
    wheel.advance(35);
    expect(called).toEqual(["a@10", "a@20", "a@30"]);
    expect(wheel.next()).toBe(40);
  });

  it("breaks off when it is told to, and goes on where it was", () => {
    const { wheel, called, entry } = noting();
    for (const name of ["a", "b", "c", "d"]) {
      wheel.set(entry(name), name === "d" ? 80 : 70);
    }
    let left = 2;
    expect(wheel.advance(90, () => --left > 0)).toBe(false);
    expect([called, wheel.tick, wheel.next()]).toEqual([["a@70", "b@70"], 70, 70]);
    wheel.set(entry("new"), 70);
    expect(wheel.advance(90)).toBe(true);
    expect(called.slice(2)).toEqual(["c@70", "new@71", "d@80"]);
  });

  it("comes in the same advance to what is set again for its own tick, or for one before it", () => {
    const { wheel, called, entry } = noting();
    const again = [80, 80, 3, 90];
    wheel.set(
      entry("a", (self) => {
        const tick = again.shift();
        if (tick !== undefined) {
          wheel.setAgain(self, tick);
        }
      }),
      80,
    );
    wheel.set(entry("b"), 80);
    wheel.advance(100);
    expect(called).toEqual(["a@80", "b@80", "a@80", "a@80", "a@80", "a@90"]);
  });

  it("comes at once to what is set again between two advances", () => {
    const { wheel, called, entry } = noting();
    wheel.advance(100);
    wheel.setAgain(entry("a"), 50);
    expect(wheel.next()).toBe(100);
    wheel.advance(100);
    expect(called).toEqual(["a@100"]);
  });

  it("says of nothing when there is nothing", () => {
    const { wheel } = noting(7);
    expect([wheel.next(), wheel.size]).toEqual([undefined, 0]);
    expect(wheel.advance(1_000_000_000)).toBe(true);
    expect(wheel.tick).toBe(1_000_000_000);
  });

  it("does as a list does that is sorted and looked through, whatever happens", () => {
    const delay = fc.oneof(fc.nat(5), fc.nat(200), fc.nat(5_000), fc.nat(1_000_000), fc.nat(2 ** 31));
    const action = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ what: fc.constant("set" as const), delay, again: fc.option(delay, { nil: -1 }) }),
      },
      { weight: 2, arbitrary: fc.record({ what: fc.constant("remove" as const), which: fc.nat(50) }) },
      { weight: 3, arbitrary: fc.record({ what: fc.constant("advance" as const), delay }) },
      {
        weight: 1,
        arbitrary: fc.record({ what: fc.constant("break off" as const), delay, after: fc.integer({ min: 1, max: 3 }) }),
      },
    );
    fc.assert(
      fc.property(fc.nat(2 ** 40), fc.array(action, { maxLength: 60 }), (begin, actions) => {
        const { wheel, called, entry } = noting(begin);
        const model = new Model(begin);
        const entries: Noted[] = [];
        for (const each of actions) {
          if (each.what === "set") {
            const { again } = each;
            let left = again < 0 ? 0 : 2;
            const made = entry(String(entries.length), (self) => {
              if (left-- > 0) {
                wheel.setAgain(self, wheel.tick + again);
              }
            });
            entries.push(made);
            wheel.set(made, wheel.tick + each.delay);
            model.set(made.name, model.tick + each.delay, again < 0 ? 0 : 2, again);
          } else if (each.what === "remove") {
            const made = entries[each.which];
            if (made !== undefined) {
              wheel.remove(made);
              model.remove(made.name);
            }
          } else {
            let left = each.what === "break off" ? each.after : Number.POSITIVE_INFINITY;
            const most = left;
            const came = wheel.advance(wheel.tick + each.delay, () => --left > 0);
            expect(came).toBe(model.advance(model.tick + each.delay, most));
          }
          expect([wheel.tick, wheel.size]).toEqual([model.tick, model.size]);
          const next = wheel.next();
          expect(next === undefined).toBe(model.size === 0);
          expect(next ?? 0).toBeLessThanOrEqual(model.next());
        }
        expect(called).toEqual(model.called);
      }),
      { numRuns: 1_000 },
    );
  });
});

/** The same, in the plainest way. */
class Model {
  tick: number;
  readonly called: string[] = [];
  #order = 0;
  #waiting: { name: string; tick: number; order: number; left: number; again: number }[] = [];

  constructor(tick: number) {
    this.tick = tick;
  }

  get size(): number {
    return this.#waiting.length;
  }

  next(): number {
    return Math.min(...this.#waiting.map(({ tick }) => tick));
  }

  set(name: string, tick: number, left: number, again: number): void {
    this.#add(name, Math.max(tick, this.tick + 1), left, again);
  }

  #add(name: string, tick: number, left: number, again: number): void {
    this.#waiting.push({ name, tick, order: this.#order++, left, again });
  }

  remove(name: string): void {
    this.#waiting = this.#waiting.filter((other) => other.name !== name);
  }

  advance(tick: number, most: number): boolean {
    for (let calls = 0; ; ) {
      const [first] = this.#waiting.sort((a, b) => a.tick - b.tick || a.order - b.order);
      if (first === undefined || first.tick > tick) {
        this.tick = Math.max(this.tick, tick);
        return true;
      }
      this.tick = first.tick;
      this.remove(first.name);
      this.called.push(`${first.name}@${this.tick}`);
      if (first.left > 0) {
        this.#add(first.name, this.tick + first.again, first.left - 1, first.again);
      }
      if (++calls >= most) {
        return false;
      }
    }
  }
}
