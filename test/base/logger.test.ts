import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { consoleLogger, silentLogger } from "../../runtime/base/logger.js";

const levels = ["debug", "info", "warn", "error"] as const;

describe("loggers", () => {
  const lines: [level: string, line: unknown][] = [];

  beforeEach(() => {
    for (const level of levels) {
      vi.spyOn(console, level).mockImplementation((line) => void lines.push([level, line]));
    }
  });

  afterEach(() => {
    vi.restoreAllMocks();
    lines.length = 0;
  });

  it.each([
    ["debug", ["debug", "info", "warn", "error"]],
    ["info", ["info", "warn", "error"]],
    ["warn", ["warn", "error"]],
    ["error", ["error"]],
  ] as const)("at %s, what is less is not written", (least, written) => {
    const logger = consoleLogger(least);
    for (const level of levels) {
      logger[level]({}, "message");
    }
    expect(lines).toEqual(written.map((level) => [level, `${level} message`]));
  });

  it("info is the least when none is named", () => {
    const logger = consoleLogger();
    logger.debug({}, "quiet");
    logger.info({}, "loud");
    expect(lines).toEqual([["info", "info loud"]]);
  });

  it("writes the fields behind the message", () => {
    consoleLogger().warn({ route: "Room.Join", id: 5n, code: undefined, ok: false }, "slow");
    expect(lines).toEqual([["warn", "warn slow route=Room.Join id=5 ok=false"]]);
  });

  it("writes an error with its stack", () => {
    const error = new TypeError("no such thing");
    consoleLogger().error({ error }, "failed");
    expect(lines).toEqual([["error", `error failed error=${error.stack}`]]);
    expect(error.stack).toContain("logger.test");
  });

  it("gives no line of its own to what a stranger wrote", () => {
    consoleLogger().warn({ route: "Room\nerror forged\u2028\u001b[2J" }, "refused");
    expect(lines).toEqual([["warn", "warn refused route=Room\\u000aerror forged\\u2028\\u001b[2J"]]);
  });

  it("indents the lines of an error's message", () => {
    const error = new Error("no route Room\nerror forged\r\n\rend");
    Object.defineProperty(error, "stack", { value: undefined });
    consoleLogger().warn({ error }, "refused");
    expect(lines).toEqual([["warn", "warn refused error=no route Room\n    error forged\n    \n    end"]]);
  });

  it("writes an error without a stack by its message", () => {
    const error = new Error("bare");
    Object.defineProperty(error, "stack", { value: undefined });
    consoleLogger().error({ error }, "failed");
    expect(lines).toEqual([["error", "error failed error=bare"]]);
  });

  it.each([
    ["an object without toString", Object.create(null) as object],
    ["an object whose toString throws", { toString: refuse }],
  ])("does not throw for %s, which may have been thrown", (_, error) => {
    consoleLogger().error({ error, id: 1 }, "failed");
    expect(lines).toEqual([["error", "error failed error=(a value that cannot be shown) id=1"]]);
  });

  it("the silent one writes nothing", () => {
    for (const level of levels) {
      silentLogger[level]({ a: 1 }, "message");
    }
    expect(lines).toEqual([]);
  });
});

function refuse(): string {
  throw new Error("never shown");
}
