import { describe, expect, it } from "vitest";
import { type EndOfTurn, Turn } from "../../runtime/base/turn.js";

/** A turn whose end is called by hand. */
function handTurned() {
  const scheduled: (() => void)[] = [];
  const log: string[] = [];
  const turn = new Turn((task) => scheduled.push(task));
  const task = (name: string, then?: () => void): EndOfTurn => ({
    endOfTurn() {
      log.push(name);
      then?.();
    },
  });
  return { turn, log, task, scheduled, end: () => scheduled.shift()?.() };
}

describe("Turn", () => {
  it("calls those at its end in the order they came", () => {
    const { turn, log, task, end } = handTurned();
    turn.atEnd(task("a"));
    turn.atEnd(task("b"));
    turn.atEnd(task("c"));
    expect(log).toEqual([]);
    end();
    expect(log).toEqual(["a", "b", "c"]);
  });

  it("asks for its end once, however much is added", () => {
    const { turn, task, scheduled } = handTurned();
    turn.touch();
    turn.touch();
    turn.atEnd(task("a"));
    turn.next(task("b"));
    expect(scheduled).toHaveLength(1);
  });

  it("asks for nothing when nothing was added, and again for the next turn", () => {
    const { turn, task, scheduled, end } = handTurned();
    expect(scheduled).toHaveLength(0);
    turn.atEnd(task("a"));
    end();
    expect(scheduled).toHaveLength(0);
    turn.atEnd(task("b"));
    expect(scheduled).toHaveLength(1);
  });

  it("calls each once", () => {
    const { turn, log, task, end } = handTurned();
    turn.atEnd(task("a"));
    turn.next(task("b"));
    end();
    turn.touch();
    end();
    expect(log).toEqual(["a", "b"]);
  });

  it("calls those that waited when all that the turn wrote is sent", () => {
    const { turn, log, task, end } = handTurned();
    turn.next(task("waits"));
    turn.atEnd(task("sends a"));
    turn.atEnd(task("sends b"));
    end();
    expect(log).toEqual(["sends a", "sends b", "waits"]);
  });

  it("what is added at the end belongs to the next turn", () => {
    const { turn, log, task, scheduled, end } = handTurned();
    turn.atEnd(task("sends", () => turn.atEnd(task("sends later"))));
    turn.next(
      task("waits", () => {
        turn.next(task("waits again"));
        turn.atEnd(task("sends what it wrote"));
      }),
    );
    end();
    expect(log).toEqual(["sends", "waits"]);
    expect(scheduled).toHaveLength(1);
    end();
    expect(log.slice(2)).toEqual(["sends later", "sends what it wrote", "waits again"]);
    expect(scheduled).toHaveLength(0);
  });

  it("has a number that changes at its end, before anyone is called", () => {
    const { turn, task, end } = handTurned();
    const numbers: number[] = [turn.number];
    turn.atEnd(task("a", () => numbers.push(turn.number)));
    turn.next(task("b", () => numbers.push(turn.number)));
    numbers.push(turn.number);
    end();
    numbers.push(turn.number);
    turn.touch();
    end();
    numbers.push(turn.number);
    expect(numbers).toEqual([0, 0, 1, 1, 1, 2]);
  });

  it("calls all the others when one throws, and tells what was thrown", () => {
    const ends: (() => void)[] = [];
    const failures: unknown[] = [];
    const log: string[] = [];
    const turn = new Turn(
      (task) => void ends.push(task),
      (error) => void failures.push(error),
    );
    const failing = (error: string): EndOfTurn => ({
      endOfTurn() {
        throw error;
      },
    });
    turn.atEnd(failing("first"));
    turn.atEnd({ endOfTurn: () => log.push("flushed") });
    turn.next(failing("second"));
    turn.next({ endOfTurn: () => log.push("went on") });
    ends.shift()?.();
    expect(log).toEqual(["flushed", "went on"]);
    expect(failures).toEqual(["first", "second"]);
    turn.atEnd({ endOfTurn: () => log.push("the next turn") });
    ends.shift()?.();
    expect(log).toEqual(["flushed", "went on", "the next turn"]);
  });

  it("ends, when no one says otherwise, after what runs and its promises", async () => {
    const log: string[] = [];
    await new Promise<void>((resolve) => {
      const turn = new Turn();
      turn.atEnd({ endOfTurn: () => log.push("end") });
      turn.next({ endOfTurn: resolve });
      void Promise.resolve().then(() => log.push("promise"));
      log.push("now");
    });
    expect(log).toEqual(["now", "promise", "end"]);
  });
});
