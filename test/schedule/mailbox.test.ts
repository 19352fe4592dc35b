import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Turn } from "../../runtime/base/turn.js";
import { type Mailbox, type MailboxTask, OrderedMailbox, UnorderedMailbox } from "../../runtime/schedule/mailbox.js";

/** A turn that is ended by hand. */
function handTurned() {
  const ends: (() => void)[] = [];
  return { turn: new Turn((task) => void ends.push(task)), ends, endTurn: () => ends.shift()?.() };
}

/** Tasks that tell when they begin; those that are not done at once are done by hand. */
function tasks() {
  const begun: string[] = [];
  const running: { name: string; done: () => void }[] = [];
  const now = (name: string, then?: () => void): MailboxTask => ({
    start() {
      begun.push(name);
      then?.();
      return true;
    },
  });
  const later = (name: string): MailboxTask => ({
    start(mailbox: Mailbox) {
      begun.push(name);
      running.push({ name, done: () => mailbox.done() });
      return false;
    },
  });
  return { begun, running, now, later, finish: () => running.shift()?.done() };
}

describe("OrderedMailbox", () => {
  it("begins a task at once when nothing else is there", () => {
    const { turn } = handTurned();
    const { begun, now } = tasks();
    const mailbox = new OrderedMailbox(turn);
    mailbox.post(now("a"));
    mailbox.post(now("b"));
    expect([begun, mailbox.length]).toEqual([["a", "b"], 0]);
  });

  it("begins none while another runs, and then the next, in order", () => {
    const { turn } = handTurned();
    const { begun, now, later, finish } = tasks();
    const mailbox = new OrderedMailbox(turn);
    mailbox.post(later("a"));
    mailbox.post(now("b"));
    mailbox.post(later("c"));
    mailbox.post(now("d"));
    expect([begun, mailbox.length]).toEqual([["a"], 4]);
    finish();
    expect([begun, mailbox.length]).toEqual([["a", "b", "c"], 2]);
    finish();
    expect([begun, mailbox.length]).toEqual([["a", "b", "c", "d"], 0]);
  });

  it("keeps the order of tasks that are posted by tasks", () => {
    const { turn } = handTurned();
    const { begun, now } = tasks();
    const mailbox = new OrderedMailbox(turn);
    mailbox.post(now("a", () => mailbox.post(now("c"))));
    mailbox.post(now("d"));
    expect(begun).toEqual(["a", "c", "d"]);
  });

  it("begins 64 in a turn, and the next 64 in the next", () => {
    const { turn, endTurn } = handTurned();
    const { begun, now } = tasks();
    const mailbox = new OrderedMailbox(turn);
    for (let index = 0; index < 200; index++) {
      mailbox.post(now(String(index)));
    }
    const counts = [begun.length];
    for (let turns = 0; turns < 4; turns++) {
      endTurn();
      counts.push(begun.length);
    }
    expect(counts).toEqual([64, 128, 192, 200, 200]);
    expect(begun).toEqual(Array.from({ length: 200 }, (_, index) => String(index)));
  });

  it("counts those that waited for another, too", () => {
    const { turn, endTurn } = handTurned();
    const { begun, now, later, finish } = tasks();
    const mailbox = new OrderedMailbox(turn);
    mailbox.post(later("first"));
    for (let index = 0; index < 100; index++) {
      mailbox.post(now(String(index)));
    }
    finish();
    expect(begun).toHaveLength(64);
    endTurn();
    expect(begun).toHaveLength(101);
  });

  it("lets one that comes later not pass those that wait for the next turn", () => {
    const { turn, endTurn } = handTurned();
    const { begun, now } = tasks();
    const mailbox = new OrderedMailbox(turn);
    for (let index = 0; index < 65; index++) {
      mailbox.post(now(String(index)));
    }
    mailbox.post(now("last"));
    endTurn();
    expect(begun.slice(-2)).toEqual(["64", "last"]);
  });

  it("does not hold up another mailbox that is full of budget", () => {
    const { turn } = handTurned();
    const { begun, now } = tasks();
    const [busy, other] = [new OrderedMailbox(turn), new OrderedMailbox(turn)];
    for (let index = 0; index < 1_000; index++) {
      busy.post(now("busy"));
    }
    other.post(now("other"));
    expect(begun.filter((name) => name === "other")).toHaveLength(1);
    expect(begun).toHaveLength(65);
  });

  it("forgets those that have not begun when it is cleared", () => {
    const { turn, endTurn } = handTurned();
    const { begun, now, later, finish } = tasks();
    const mailbox = new OrderedMailbox(turn);
    mailbox.post(later("a"));
    mailbox.post(now("b"));
    mailbox.clear();
    expect(mailbox.length).toBe(1);
    finish();
    expect([begun, mailbox.length]).toEqual([["a"], 0]);
    mailbox.post(now("c"));
    endTurn();
    expect(begun).toEqual(["a", "c"]);
  });

  it.each([1, 2, 3, 4, 5, 8, 256])("tells its owner of room once fewer than half of %d wait or run", (most) => {
    const { turn, endTurn } = handTurned();
    const { later, running, finish } = tasks();
    const roomBelow = Math.ceil(most / 2);
    const told: number[] = [];
    const mailbox: OrderedMailbox = new OrderedMailbox(
      turn,
      { mailboxHasRoom: () => void told.push(mailbox.length) },
      roomBelow,
    );
    for (let index = 0; index < most; index++) {
      mailbox.post(later(String(index)));
    }
    expect([told, mailbox.length]).toEqual([[], most]);
    while (running.length > 0 || mailbox.length > 0) {
      finish();
      endTurn();
    }
    expect(told[0]).toBe(roomBelow - 1);
    expect(told.every((length) => length < roomBelow)).toBe(true);
  });

  it.each([1, 2, 3, 4, 7])(
    "keeps the order when its owner posts more as soon as it has room, %d at the most",
    (most) => {
      const { turn, endTurn } = handTurned();
      const { begun, now, later, running, finish } = tasks();
      const total = 50;
      let posted = 0;
      const fill = (): void => {
        while (mailbox.length < most && posted < total) {
          const name = String(posted++);
          mailbox.post(posted % 3 === 0 ? now(name) : later(name));
        }
      };
      const mailbox: OrderedMailbox = new OrderedMailbox(turn, { mailboxHasRoom: fill }, Math.ceil(most / 2));
      fill();
      for (let rounds = 0; rounds < 500; rounds++) {
        finish();
        endTurn();
      }
      expect(begun).toEqual(Array.from({ length: total }, (_, index) => String(index)));
      expect([running.length, mailbox.length]).toEqual([0, 0]);
    },
  );

  it("passes over what gave way, counts it no more, and keeps none of it", () => {
    const { turn, endTurn } = handTurned();
    const { begun, now, later, finish } = tasks();
    const mailbox = new OrderedMailbox(turn);
    mailbox.post(later("first"));
    const gone = Array.from({ length: 1_000 }, (_, index) => ({ ...now(String(index)), gaveWay: false }));
    for (const [index, task] of gone.entries()) {
      mailbox.post(task);
      if (index % 10 !== 0) {
        task.gaveWay = true;
        mailbox.forgot();
      }
    }
    expect(mailbox.length).toBe(101);
    finish();
    endTurn();
    expect(begun).toEqual(["first", ...Array.from({ length: 100 }, (_, index) => String(index * 10))]);
    expect(mailbox.length).toBe(0);
  });

  it("is cleared by what hears that something gave way", () => {
    const { turn } = handTurned();
    const { now, later, finish, begun } = tasks();
    const mailbox = new OrderedMailbox(turn);
    mailbox.post(later("first"));
    mailbox.post({ ...now("gone"), gaveWay: true });
    mailbox.clear();
    mailbox.forgot();
    expect(mailbox.length).toBe(1);
    mailbox.post(now("next"));
    finish();
    expect([begun, mailbox.length]).toEqual([["first", "next"], 0]);
  });

  it("begins every task once, in order, one at a time, whatever happens when", () => {
    const step = fc.constantFrom("now", "later", "later", "finish", "turn");
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const { turn, endTurn, ends } = handTurned();
        const { begun, now, later, running, finish } = tasks();
        const mailbox = new OrderedMailbox(turn);
        const posted: string[] = [];
        let mostRunning = 0;
        const act: Record<string, () => void> = {
          now: () => mailbox.post(now(note(posted))),
          later: () => mailbox.post(later(note(posted))),
          finish: () => void finish(),
          turn: () => void endTurn(),
        };
        for (const each of steps) {
          act[each]?.();
          mostRunning = Math.max(mostRunning, running.length);
        }
        while (running.length > 0 || ends.length > 0) {
          finish();
          endTurn();
          mostRunning = Math.max(mostRunning, running.length);
        }
        expect(begun).toEqual(posted);
        expect(mostRunning).toBeLessThanOrEqual(1);
        expect(mailbox.length).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it("stays in order through more tasks than it keeps in one piece", () => {
    const { turn, endTurn, ends } = handTurned();
    const { begun, now, later, finish } = tasks();
    const mailbox = new OrderedMailbox(turn);
    mailbox.post(later("first"));
    for (let index = 0; index < 5_000; index++) {
      mailbox.post(now(String(index)));
    }
    finish();
    for (let index = 5_000; ends.length > 0; index++) {
      mailbox.post(now(String(Math.min(index, 9_999))));
      endTurn();
    }
    expect(begun.slice(1, 5_001)).toEqual(Array.from({ length: 5_000 }, (_, index) => String(index)));
    expect(mailbox.length).toBe(0);
  });
});

describe("UnorderedMailbox", () => {
  it("begins everything at once, and counts what runs", () => {
    const { begun, now, later, finish } = tasks();
    const mailbox = new UnorderedMailbox(handTurned().turn, { mailboxHasRoom: () => {} }, 1);
    mailbox.post(later("a"));
    mailbox.post(later("b"));
    mailbox.post(now("c"));
    expect([begun, mailbox.length]).toEqual([["a", "b", "c"], 2]);
    finish();
    expect(mailbox.length).toBe(1);
    mailbox.clear();
    expect(mailbox.length).toBe(1);
  });

  it("begins 64 in a turn, and the next 64 in the next", () => {
    const { turn, endTurn } = handTurned();
    const { begun, now } = tasks();
    const told: number[] = [];
    const mailbox: UnorderedMailbox = new UnorderedMailbox(
      turn,
      { mailboxHasRoom: () => void told.push(mailbox.length) },
      100,
    );
    for (let index = 0; index < 200; index++) {
      mailbox.post(now(String(index)));
    }
    expect([begun.length, mailbox.length]).toEqual([64, 136]);
    endTurn();
    mailbox.post(now("200"));
    expect([begun.length, mailbox.length]).toEqual([128, 73]);
    endTurn();
    endTurn();
    expect([begun.length, mailbox.length]).toEqual([201, 0]);
    expect(begun).toEqual(Array.from({ length: 201 }, (_, index) => String(index)));
    expect(told).toEqual([72, 9, 0]);
  });

  it("forgets those that wait when it is cleared, also by one that begins", () => {
    const { turn, endTurn } = handTurned();
    const { begun, now } = tasks();
    const mailbox = new UnorderedMailbox(turn, { mailboxHasRoom: () => {} }, 1);
    for (let index = 0; index < 100; index++) {
      mailbox.post(now(String(index), index === 70 ? () => mailbox.clear() : undefined));
    }
    endTurn();
    expect([begun.at(-1), mailbox.length]).toEqual(["70", 0]);
    mailbox.post(now("after"));
    endTurn();
    expect([begun.at(-1), mailbox.length]).toEqual(["after", 0]);
  });

  it.each([1, 2, 3, 4, 8])("tells its owner of room once fewer than half of %d run", (most) => {
    const { later, finish } = tasks();
    const roomBelow = Math.ceil(most / 2);
    const told: number[] = [];
    const mailbox: UnorderedMailbox = new UnorderedMailbox(
      handTurned().turn,
      { mailboxHasRoom: () => void told.push(mailbox.length) },
      roomBelow,
    );
    for (let index = 0; index < most; index++) {
      mailbox.post(later(String(index)));
    }
    for (let index = 0; index < most; index++) {
      finish();
    }
    expect(told[0]).toBe(roomBelow - 1);
    expect(told.every((length) => length < roomBelow)).toBe(true);
  });
});

function note(posted: string[]): string {
  const name = String(posted.length);
  posted.push(name);
  return name;
}
