import { describe, expect, it } from "vitest";
import { methodName } from "../../generator/model/names.js";
import { Component } from "../../runtime/component/component.js";
import { LifeCycle } from "../../runtime/component/life-cycle.js";

describe("the name of an rpc's method", () => {
  /** What a generated component inherits: an rpc of such a name would cover it. */
  const inherited = [Component.prototype, LifeCycle.prototype, Object.prototype]
    .flatMap((prototype) => Object.getOwnPropertyNames(prototype))
    // No rpc's method can be called so: the underlines fall away.
    .filter((name) => !name.startsWith("__"));

  it("is another one where a component has that name already", () => {
    expect(inherited).toContain("scheduler");
    expect(inherited.filter((name) => methodName(name) !== `${name}$`)).toEqual([]);
  });

  it("is the rpc's own everywhere else", () => {
    expect(["Join", "Run", "Every", "After", "Queue", "Schedule", "Push"].map(methodName)).toEqual([
      "join",
      "run",
      "every",
      "after",
      "queue",
      "schedule",
      "push",
    ]);
  });
});
