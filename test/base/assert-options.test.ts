import { describe, expect, it } from "vitest";
import { assertFunction, assertMethods, assertOptions, type OptionKind } from "../../runtime/base/assert-options.js";
import { NanowireError } from "../../runtime/base/error.js";

const strange = [
  null,
  5,
  Number.NaN,
  "x",
  "",
  true,
  Symbol("s"),
  1n,
  [],
  {},
  () => {},
  Object.create(null),
  [Symbol()],
];

function refusal(attempt: () => void): string {
  try {
    attempt();
  } catch (error) {
    return error instanceof NanowireError ? `${error.code}: ${error.message}` : `another error: ${String(error)}`;
  }
  return "taken";
}

describe("assertOptions", () => {
  const kinds: Record<string, OptionKind> = {
    flag: "boolean",
    text: "string",
    call: "function",
    list: "array",
    thing: "object",
    any: "checked",
  };
  const tried = (options: unknown, what = "ws") => refusal(() => assertOptions(what, options as object, kinds));

  it("takes what fits, and what is undefined", () => {
    expect(tried({})).toBe("taken");
    expect(tried({ flag: false, text: "", call: () => 1, list: [], thing: {}, any: 5 })).toBe("taken");
    expect(tried({ thing: () => 1, any: null })).toBe("taken");
    expect(tried(Object.fromEntries(Object.keys(kinds).map((name) => [name, undefined])))).toBe("taken");
  });

  it("tells a name that there is not, with those that there are", () => {
    const names = "flag, text, call, list, thing, any";
    expect(tried({ orgins: [] })).toBe(`invalid_option: there is no option ws.orgins; there are ${names}`);
    expect(tried({ orgins: undefined }, "")).toBe(`invalid_option: there is no option orgins; there are ${names}`);
    expect(tried(JSON.parse('{"__proto__": 1}'))).toContain("there is no option ws.__proto__");
    expect(tried({ toString: 1 })).toContain("there is no option ws.toString");
  });

  it.each([
    ["flag", 1, "ws.flag 1 is not true or false"],
    ["text", 5, "ws.text 5 is not a string"],
    ["text", null, "ws.text null is not a string"],
    ["call", {}, "ws.call of type object is not a function"],
    ["list", "ab", "ws.list ab is not an array"],
    ["list", { length: 1 }, "ws.list of type object is not an array"],
    ["thing", "x", "ws.thing x is not an object"],
  ])("tells a value of another kind: %s", (name, value, message) => {
    expect(tried({ [name]: value })).toBe(`invalid_option: ${message}`);
  });

  it.each([undefined, null, 5, "x", [], () => {}])("tells what is no object of options: %j", (options) => {
    expect(tried(options)).toMatch(/^invalid_option: the options of ws are /);
    expect(tried(options, "")).toMatch(/^invalid_option: the options are /);
  });

  it("throws nothing else, whatever it is given", () => {
    for (const value of strange) {
      const outcomes = [tried(value), ...Object.keys(kinds).map((name) => tried({ [name]: value }))];
      expect(outcomes.filter((outcome) => !/^(taken|invalid_option: )/.test(outcome))).toEqual([]);
    }
  });
});

describe("assertFunction", () => {
  it("takes functions alone", () => {
    expect(refusal(() => assertFunction("task", () => {}))).toBe("taken");
    expect(refusal(() => assertFunction("task", undefined))).toBe("invalid_option: task undefined is not a function");
    expect(strange.filter((value) => refusal(() => assertFunction("task", value)) === "taken")).toHaveLength(1);
  });
});

describe("assertMethods", () => {
  const tried = (value: unknown) => refusal(() => assertMethods("logger", value as { info(): void }, ["info"]));

  it("takes what has them, of its own or of its class", () => {
    class Log {
      info(): void {}
    }
    expect([tried(new Log()), tried({ info() {} })]).toEqual(["taken", "taken"]);
  });

  it.each([undefined, null, 5, {}, { info: 5 }, Object.create(null)])("refuses %j", (value) => {
    expect(tried(value)).toMatch(/^invalid_option: logger .* lacks the method info$/);
  });
});
