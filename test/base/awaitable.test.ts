import { describe, expect, it } from "vitest";
import { isPromise } from "../../runtime/base/awaitable.js";

function objectWithThen(then: unknown): object {
  return { then };
}

describe("isPromise", () => {
  it.each([
    ["a promise", Promise.resolve()],
    ["the promise of an async function", (async () => 1)()],
    ["an object with then, as a database client gives", objectWithThen(() => undefined)],
  ])("%s is awaited", (_, value) => {
    expect(isPromise(value)).toBe(true);
  });

  it.each([
    ["undefined", undefined],
    ["null", null],
    ["a number", 0],
    ["a text", "then"],
    ["an object", {}],
    ["an object whose then is a field", objectWithThen("later")],
    ["a list", [Promise.resolve()]],
  ])("%s is not", (_, value) => {
    expect(isPromise(value)).toBe(false);
  });
});
