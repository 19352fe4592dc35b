// nano: a code that stands twice in the dictionary is logged, and the last wins: routes and codes then say different things.
// pitaya: names that are lower-cased collide without a word. (nano: options.go; pitaya: pkg/component/method.go)

import { describe, expect, it } from "vitest";
import { createServer } from "../../runtime/server/server.js";
import { memory } from "../../runtime/transport/memory.js";
import { KeptLog } from "../support/log.js";
import { method, TestComponent } from "../support/service.js";

const answer = { handle: (_session: unknown, text: string) => text };

function serverOf(...components: TestComponent[]) {
  return () => createServer({ components, listen: [memory()], logger: new KeptLog() });
}

describe("a server is not made", () => {
  it("of two routes with one code", () => {
    const routes = { "A.One": 1, "A.Two": 1 };
    const methods = [method("A.One", 1, answer), method("A.Two", 1, answer)];
    const make = serverOf(new TestComponent("A", methods, { version: "v1", routes }));
    expect(make).toThrow(expect.objectContaining({ code: "invalid_route" }));
  });

  it("of one route that is there twice", () => {
    const dictionary = { version: "v1", routes: { "A.One": 1 } };
    const twice = [1, 2].map(() => new TestComponent("A", [method("A.One", 1, answer)], dictionary));
    expect(serverOf(...twice)).toThrow(expect.objectContaining({ code: "invalid_route" }));
  });

  it("of one route with two codes", () => {
    const one = new TestComponent("A", [method("A.One", 1, answer)], { version: "v1", routes: { "A.One": 1 } });
    const other = new TestComponent("B", [method("B.One", 2, answer)], {
      version: "v2",
      routes: { "A.One": 3, "B.One": 2 },
    });
    expect(serverOf(one, other)).toThrow(expect.objectContaining({ code: "invalid_route" }));
  });
});
