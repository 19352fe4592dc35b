import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assertRoute, Dictionary, maxRouteBytes, maxRouteCode } from "../../runtime/protocol/dictionary.js";
import { resultOf } from "./outcome.js";

const make = (routes: Record<string, number>) => resultOf(() => new Dictionary({ version: "v", routes }).size);
const refusal = (message: string) => ({ error: "invalid_route", scope: "startup", message });

describe("Dictionary", () => {
  const dictionary = new Dictionary({ version: "abc", routes: { "Room.Join": 1, "Room.Say": 65_535, "Räume.É": 256 } });

  it("is looked up both ways", () => {
    expect(dictionary.codeOf("Room.Join")).toBe(1);
    expect(dictionary.codeOf("Räume.É")).toBe(256);
    expect(dictionary.routeOf(1)).toBe("Room.Join");
    expect(dictionary.routeOf(65_535)).toBe("Room.Say");
    expect(dictionary.size).toBe(3);
    expect(dictionary.version).toBe("abc");
  });

  it("does not know what it does not hold", () => {
    expect(dictionary.codeOf("Room.Leave")).toBeUndefined();
    expect(dictionary.routeOf(2)).toBeUndefined();
    expect(dictionary.routeOf(0)).toBeUndefined();
  });

  it("has no route that an object has by itself", () => {
    expect(dictionary.codeOf("toString")).toBeUndefined();
    expect(dictionary.codeOf("__proto__")).toBeUndefined();
  });

  it("holds a route of any name", () => {
    const odd = new Dictionary({
      version: "",
      routes: JSON.parse(`{"__proto__":1,"constructor":2,"7":3}`) as Record<string, number>,
    });
    expect(["__proto__", "constructor", "7"].map((route) => odd.codeOf(route))).toEqual([1, 2, 3]);
    expect(JSON.parse(JSON.stringify(odd.toObject()))).toEqual(JSON.parse(`{"__proto__":1,"constructor":2,"7":3}`));
  });

  it("gives a copy for the handshake", () => {
    const copy = dictionary.toObject();
    expect(copy).toEqual({ "Room.Join": 1, "Room.Say": 65_535, "Räume.É": 256 });
    copy["Room.Join"] = 9;
    copy["Room.New"] = 10;
    expect(dictionary.codeOf("Room.Join")).toBe(1);
    expect(dictionary.codeOf("Room.New")).toBeUndefined();
  });

  it("may be empty", () => {
    const none = new Dictionary({ version: "", routes: {} });
    expect(none.size).toBe(0);
    expect(none.toObject()).toEqual({});
  });

  it.each([0, -1, 1.5, 65_536, Number.NaN, Number.POSITIVE_INFINITY])("refuses the code %d", (code) => {
    expect(make({ "a.b": code })).toEqual(refusal(`code ${code} of route a.b is not an integer from 1 to 65535`));
  });

  it("refuses a code that is given twice", () => {
    expect(make({ "a.b": 1, "a.c": 2, "a.d": 1 })).toEqual(refusal("code 1 is given to two routes: a.b and a.d"));
  });

  it("refuses a route that cannot be sent", () => {
    expect(make({ "": 1 })).toEqual(refusal("a route is empty"));
    expect(make({ ["r".repeat(256)]: 1 })).toEqual(refusal(`route ${"r".repeat(256)} has 256 bytes, more than 255`));
  });

  it("finds again whatever it was given", () => {
    const route = fc.string({ unit: "binary", minLength: 1, maxLength: 60 });
    const routes = fc.uniqueArray(route, { maxLength: 20 });
    const codes = fc.uniqueArray(fc.integer({ min: 1, max: maxRouteCode }), { minLength: 20, maxLength: 20 });
    const entries = fc
      .tuple(routes, codes)
      .map(([names, numbers]) => names.map((name, index): [string, number] => [name, numbers[index] ?? 0]));
    fc.assert(
      fc.property(entries, (list) => {
        const full = new Dictionary({ version: "", routes: Object.fromEntries(list) });
        expect(full.size).toBe(list.length);
        expect(list.map(([name]) => full.codeOf(name))).toEqual(list.map(([, code]) => code));
        expect(list.map(([, code]) => full.routeOf(code))).toEqual(list.map(([name]) => name));
      }),
    );
  });
});

describe("assertRoute counts bytes, not characters", () => {
  it.each(["a", "Room.Join", "r".repeat(maxRouteBytes), "路".repeat(85), "😀".repeat(63)])("takes %s", (route) => {
    expect(resultOf(() => assertRoute(route))).toEqual({ value: undefined });
  });

  it.each([
    ["", "a route is empty"],
    ["r".repeat(256), "has 256 bytes, more than 255"],
    ["路".repeat(86), "has 258 bytes, more than 255"],
    ["😀".repeat(64), "has 256 bytes, more than 255"],
  ])("refuses %s", (route, says) => {
    expect(resultOf(() => assertRoute(route))).toEqual({
      error: "invalid_route",
      scope: "startup",
      message: expect.stringContaining(says) as unknown,
    });
  });
});
