import { describe, expect, it } from "vitest";
import { Listeners } from "../../runtime/base/listeners.js";
import { type Logger, silentLogger } from "../../runtime/base/logger.js";

/** Listeners, with a log of who was told what, and one of the errors. */
function observed() {
  const log: string[] = [];
  const errors: unknown[] = [];
  const listeners = new Listeners<number>();
  const logger: Logger = { ...silentLogger, error: (fields, message) => errors.push([fields, message]) };
  return {
    listeners,
    log,
    errors,
    add: (name: string, then?: () => void) =>
      listeners.add((value) => {
        log.push(`${name}${value}`);
        then?.();
      }),
    call: (value: number) => listeners.call(value, logger),
  };
}

describe("Listeners", () => {
  it("are called in the order they were added, each time", () => {
    const { log, add, call } = observed();
    add("a");
    add("b");
    call(1);
    call(2);
    expect(log).toEqual(["a1", "b1", "a2", "b2"]);
  });

  it("are none at first", () => {
    const { listeners, log, call } = observed();
    call(1);
    expect([listeners.size, log]).toEqual([0, []]);
  });

  it("are removed, one at a time, even when it is the same function twice", () => {
    const { listeners, call } = observed();
    const told: number[] = [];
    const same = (value: number): void => void told.push(value);
    const removeFirst = listeners.add(same);
    listeners.add(same);
    call(1);
    removeFirst();
    removeFirst();
    call(2);
    expect(told).toEqual([1, 1, 2]);
    expect(listeners.size).toBe(1);
  });

  it("are all removed by clear, and may be added again", () => {
    const { listeners, log, add, call } = observed();
    const remove = add("a");
    listeners.clear();
    add("b");
    remove();
    call(1);
    expect([listeners.size, log]).toEqual([1, ["b1"]]);
  });

  it("one that throws is logged, and the others are called", () => {
    const { log, errors, add, call } = observed();
    const error = new Error("no");
    add("a");
    add("b", () => {
      throw error;
    });
    add("c");
    call(1);
    expect(log).toEqual(["a1", "b1", "c1"]);
    expect(errors).toEqual([[{ error }, "a listener failed"]]);
  });

  it("one whose promise is rejected is logged: the process does not end for it", async () => {
    const { listeners, log, errors, add, call } = observed();
    const error = new Error("no");
    listeners.add(async (value) => {
      log.push(`a${value}`);
      await Promise.reject(error);
    });
    listeners.add(async () => {});
    add("b");
    call(1);
    expect(log).toEqual(["a1", "b1"]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(errors).toEqual([[{ error }, "a listener failed"]]);
  });

  it("one that is removed while they are called is still told, this once", () => {
    const { listeners, log, add, call } = observed();
    add("a", () => removeB());
    const removeB = add("b");
    add("c");
    call(1);
    call(2);
    expect(log).toEqual(["a1", "b1", "c1", "a2", "c2"]);
    expect(listeners.size).toBe(2);
  });

  it("one that is added while they are called is told from the next time on", () => {
    const { log, add, call } = observed();
    add("a", () => add("b"));
    call(1);
    expect(log).toEqual(["a1"]);
    call(2);
    expect(log).toEqual(["a1", "a2", "b2"]);
  });

  it("one that removes itself is called once, and hides none", () => {
    const { log, add, call } = observed();
    const remove = add("a", () => remove());
    add("b");
    call(1);
    call(2);
    expect(log).toEqual(["a1", "b1", "b2"]);
  });

  it("clear while they are called lets the call go on", () => {
    const { listeners, log, add, call } = observed();
    add("a", () => listeners.clear());
    add("b");
    call(1);
    call(2);
    expect(log).toEqual(["a1", "b1"]);
  });
});
