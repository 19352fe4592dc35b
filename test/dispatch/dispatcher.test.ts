import { describe, expect, it } from "vitest";
import { NanowireError } from "../../runtime/base/error.js";
import { Turn } from "../../runtime/base/turn.js";
import { Component } from "../../runtime/component/component.js";
import { Dispatcher } from "../../runtime/dispatch/dispatcher.js";
import { MessageHeader } from "../../runtime/protocol/message-decoder.js";
import { components, method, type Services, TestComponent } from "../support/service.js";

const turn = new Turn(() => {});

function header(route: string, code = 0): MessageHeader {
  return Object.assign(new MessageHeader(), { route, code });
}

function dispatcherOf(services: Services, extraRoutes: readonly string[] = []): Dispatcher {
  return new Dispatcher(components(services, extraRoutes), turn, 500);
}

/** A component with one method, generated with a dictionary of its own. */
function alone(route: string, code: number, version: string, routes: Record<string, number>): TestComponent {
  const name = route.slice(0, route.lastIndexOf("."));
  return new TestComponent(name, [method(route, code, { handle: () => "" })], { version, routes });
}

/** A component of a service that has no dictionary. */
class Uncoded extends Component {
  constructor(code: number) {
    super({ name: "B", protoName: "test.v1.B", methods: [method("B.Two", code, { handle: () => "" })] });
  }
}

function errorOf(call: () => unknown): Pick<NanowireError, "code" | "scope" | "message"> {
  try {
    call();
  } catch (error) {
    const { code, scope, message } = error as NanowireError;
    return { code, scope, message };
  }
  throw new Error("nothing was thrown");
}

describe("Dispatcher", () => {
  const handle = (): string => "";

  it("finds a method by its route and by its code", () => {
    const dispatcher = dispatcherOf({ A: { One: handle, Two: handle }, B: { One: handle } });
    const found = ["A.One", "A.Two", "B.One"].map((route, index) => [
      dispatcher.find(header(route))?.method.route,
      dispatcher.find(header("", index + 1))?.method.route,
    ]);
    expect(found).toEqual([
      ["A.One", "A.One"],
      ["A.Two", "A.Two"],
      ["B.One", "B.One"],
    ]);
    expect([...dispatcher.endpoints].map(({ method: { route } }) => route)).toEqual(["A.One", "A.Two", "B.One"]);
  });

  it.each(["A.one", "A", "A.", ".One", "", "A.One ", "toString", "__proto__", "constructor"])(
    "finds nothing for the route %j",
    (route) => {
      expect(dispatcherOf({ A: { One: handle } }).find(header(route))).toBeUndefined();
    },
  );

  it.each([
    ["another code", { "A.One": 8 }, "code 8"],
    ["no such route", { "A.Two": 7 }, "no code"],
  ])("refuses a method whose dictionary has %s", (_, routes, known) => {
    expect(errorOf(() => new Dispatcher([alone("A.One", 7, "v1", routes)], turn, 500))).toEqual({
      code: "invalid_route",
      scope: "startup",
      message: `A.One has code 7, but ${known} in its dictionary: generate anew`,
    });
  });

  it("finds nothing for a code whose route is no component's, and refuses one that is not in the dictionary", () => {
    const dispatcher = dispatcherOf({ A: { One: handle } }, ["Events.Told"]);
    expect(dispatcher.find(header("", 2))).toBeUndefined();
    expect(errorOf(() => dispatcher.find(header("", 3)))).toEqual({
      code: "unknown_code",
      scope: "connection",
      message: "route code 3 is not in the dictionary",
    });
  });

  it("knows each method's order and time-out, or the defaults", () => {
    const dispatcher = dispatcherOf({
      A: {
        Plain: handle,
        Serial: { handle, order: "service", timeoutMs: 7 },
        Free: { handle, order: "none", timeoutMs: 0 },
        Other: { handle, order: "service" },
      },
      B: { Serial: { handle, order: "service" } },
    });
    const [plain, serial, free, other, elsewhere] = [...dispatcher.endpoints];
    expect([plain, serial, free].map((endpoint) => [endpoint?.order, endpoint?.timeoutMs])).toEqual([
      ["session", 500],
      ["service", 7],
      ["none", 0],
    ]);
    expect([plain?.mailbox, free?.mailbox]).toEqual([undefined, undefined]);
    expect(serial?.mailbox).toBe(other?.mailbox);
    expect(serial?.mailbox).not.toBe(elsewhere?.mailbox);
  });

  it("refuses two components with one route", () => {
    expect(
      errorOf(
        () => new Dispatcher([...components({ A: { One: handle } }), ...components({ A: { One: handle } })], turn, 0),
      ),
    ).toEqual({
      code: "invalid_route",
      scope: "startup",
      message: "two components have the route A.One: TestComponent and TestComponent",
    });
  });

  it.each([
    ["", "a route is empty"],
    ["x".repeat(256), `route ${"x".repeat(256)} has 256 bytes, more than 255`],
    ["ü".repeat(128), `route ${"ü".repeat(128)} has 256 bytes, more than 255`],
  ])("refuses the route %j, which cannot be sent", (route, message) => {
    const component = new TestComponent("A", [method(route, 1, { handle })], { version: "v", routes: {} });
    expect(errorOf(() => new Dispatcher([component], turn, 0))).toEqual({
      code: "invalid_route",
      scope: "startup",
      message,
    });
  });

  it("finds a method by the routes that it had, and tells of it once", () => {
    const dispatcher = new Dispatcher(
      [
        new TestComponent("A", [method("A.New", 60_000, { handle, was: ["A.Old", "B.Older"] })], {
          version: "v",
          routes: { "A.New": 60_000 },
        }),
      ],
      turn,
      0,
    );
    const routes = ["A.New", "A.Old", "B.Older", "A.Older"];
    expect(routes.map((route) => dispatcher.find(header(route))?.method.route)).toEqual([
      "A.New",
      "A.New",
      "A.New",
      undefined,
    ]);
    expect(dispatcher.find(header("", 60_000))?.method.route).toBe("A.New");
    expect([...dispatcher.endpoints]).toHaveLength(1);
    expect(dispatcher.dictionary.toObject()).toEqual({ "A.New": 60_000 });
  });

  it("refuses a route that one method has and another one had", () => {
    const component = new TestComponent(
      "A",
      [method("A.One", 1, { handle }), method("A.Two", 2, { handle, was: ["A.One"] })],
      { version: "v", routes: { "A.One": 1, "A.Two": 2 } },
    );
    expect(errorOf(() => new Dispatcher([component], turn, 0)).message).toBe(
      "two components have the route A.One: TestComponent and TestComponent",
    );
  });

  it("takes a route of 255 bytes", () => {
    const route = `${"x".repeat(253)}.y`;
    const dispatcher = new Dispatcher([alone(route, 1, "v", { [route]: 1 })], turn, 0);
    expect(dispatcher.find(header(route))?.method.route).toBe(route);
  });

  describe("with dictionaries that were generated apart", () => {
    it("joins them, and names both", () => {
      const { dictionary } = new Dispatcher(
        [
          alone("B.One", 2, "vb", { "B.One": 2, "Shared.Told": 9 }),
          alone("A.One", 1, "va", { "A.One": 1, "Shared.Told": 9 }),
        ],
        turn,
        0,
      );
      expect(dictionary.toObject()).toEqual({ "A.One": 1, "B.One": 2, "Shared.Told": 9 });
      expect(dictionary.version).toBe("va+vb");
    });

    it("names one version once", () => {
      const { dictionary } = dispatcherOf({ A: { One: handle }, B: { One: handle } });
      expect(dictionary.version).toBe("v1");
    });

    it("refuses a route with two codes", () => {
      const both = [alone("A.One", 1, "va", { "A.One": 1, X: 5 }), alone("B.One", 2, "vb", { "B.One": 2, X: 6 })];
      expect(errorOf(() => new Dispatcher(both, turn, 0))).toEqual({
        code: "invalid_route",
        scope: "startup",
        message: "route X has two codes: 5 and 6",
      });
    });

    it("refuses a code with two routes", () => {
      const both = [alone("A.One", 1, "va", { "A.One": 1 }), alone("B.One", 1, "vb", { "B.One": 1 })];
      expect(errorOf(() => new Dispatcher(both, turn, 0))).toEqual({
        code: "invalid_route",
        scope: "startup",
        message: "code 1 is given to two routes: A.One and B.One",
      });
    });
  });

  it("finds a method of a service without a dictionary by its route alone, and leaves the dictionary as it is", () => {
    const dispatcher = new Dispatcher([...components({ A: { One: handle } }), new Uncoded(0)], turn, 500);
    expect(dispatcher.find(header("B.Two"))?.method.route).toBe("B.Two");
    expect(dispatcher.find(header("", 1))?.method.route).toBe("A.One");
    expect(dispatcher.dictionary.toObject()).toEqual({ "A.One": 1 });
    expect(dispatcher.dictionary.version).toBe(dispatcherOf({ A: { One: handle } }).dictionary.version);
    expect(errorOf(() => new Dispatcher([new Uncoded(2)], turn, 500))).toEqual({
      code: "invalid_route",
      scope: "startup",
      message: "B.Two has code 2, but its service has no dictionary",
    });
  });

  it("has an empty dictionary where there are no components", () => {
    const { dictionary } = new Dispatcher([], turn, 0);
    expect([dictionary.size, dictionary.version]).toEqual([0, ""]);
  });

  it("throws nothing but NanowireErrors at what a stranger may send", () => {
    const dispatcher = dispatcherOf({ A: { One: handle } });
    const codes = [...Array.from({ length: 500 }, (_, index) => index + 1), 0x7fff, 0x8000, 0xffff];
    const outcomes = codes.map((code) => {
      try {
        return dispatcher.find(header("", code))?.method.route;
      } catch (error) {
        return error instanceof NanowireError ? error.code : "something else";
      }
    });
    expect(new Set(outcomes)).toEqual(new Set(["A.One", "unknown_code"]));
  });
});
