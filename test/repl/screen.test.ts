import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { Screen, type ScreenOptions } from "../../runtime/repl/screen.js";

function screenOf(options: Partial<ScreenOptions> = {}) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const screen = new Screen({ stdout, stderr, isTerminal: false, hasColours: false, width: () => 40, ...options });
  const texts = () => [stdout, stderr].map((stream) => String(stream.read() ?? ""));
  return { screen, texts };
}

describe("a screen", () => {
  it("has colours where it is told to, and they are its own", () => {
    const { screen, texts } = screenOf({ hasColours: true, isTerminal: true });
    screen.sayAll([["name", "push A\u001b[0m"], " "], ["{", "}"]);
    screen.complain("no\n");
    screen.note("well");
    expect(texts()).toEqual([
      "\u001b[36mpush A\\u001b[0m\u001b[0m {\n}\n\u001b[31mno\\u000a\u001b[0m\n\u001b[2mwell\u001b[0m\n",
      "",
    ]);
  });

  it("keeps to itself what only a person wants to know, and has no end of a line for a program", () => {
    const { screen, texts } = screenOf();
    screen.note("well");
    screen.say("a");
    screen.complain("b");
    expect(texts()).toEqual(["a\n", "b\n"]);
    expect(screen.width).toBe(Number.POSITIVE_INFINITY);
    expect(screenOf({ isTerminal: true }).screen.width).toBe(40);
  });

  it("leaves pushes out that come faster than they are read, and tells how many", () => {
    const { screen, texts } = screenOf();
    const push = (text: string): void => screen.saySpontaneously([["name", "push A"], " "], [text]);
    push("x".repeat(1_100_000));
    push("left out");
    push("left out");
    expect(texts()[0]).toMatch(/^push A x+\n$/);
    push("again");
    expect(texts()).toEqual(["push A again\n", "2 pushes are not shown: they came faster than they are read\n"]);
  });

  it("has the prompt give way", () => {
    const { screen } = screenOf();
    const seen: string[] = [];
    screen.prompt = { hide: () => seen.push("hide"), show: () => seen.push("show") };
    screen.say("a");
    expect(seen).toEqual(["hide", "show"]);
  });
});
