import { describe, expect, it } from "vitest";
import { SharedValues } from "../../runtime/server/shared-values.js";

describe("SharedValues", () => {
  it("gives who says the same one object, whatever the order", () => {
    const values = new SharedValues<object>();
    const first = { type: "nanowire", version: "1.0.0", capabilities: ["drain", "ping"] };
    expect(values.of(first)).toBe(first);
    expect(values.of({ version: "1.0.0", capabilities: ["drain", "ping"], type: "nanowire" })).toBe(first);
  });

  it.each<[string, object]>([
    ["another value", { type: "other", capabilities: ["drain"] }],
    ["a value more", { type: "nanowire", capabilities: ["drain"], version: "1" }],
    ["a value less", { type: "nanowire" }],
    ["another name", { kind: "nanowire", capabilities: ["drain"] }],
    ["an inherited name", Object.assign(Object.create({ type: "nanowire" }), { a: 1, capabilities: ["drain"] })],
    ["a longer list", { type: "nanowire", capabilities: ["drain", "ping"] }],
    ["another list", { type: "nanowire", capabilities: ["ping"] }],
    ["no list", { type: "nanowire", capabilities: "drain" }],
  ])("keeps %s apart", (_, other) => {
    const values = new SharedValues<object>();
    values.of({ type: "nanowire", capabilities: ["drain"] });
    expect(values.of(other)).toBe(other);
  });

  it("freezes what is shared, lists too, and no object beside", () => {
    const profile = { name: "mine" };
    const list = ["drain"];
    const shared = new SharedValues<object>().of({ profile, list });
    expect([shared, list, profile].map((value) => Object.isFrozen(value))).toEqual([true, true, false]);
  });

  it("remembers the newest 16", () => {
    const values = new SharedValues<{ version: number }>();
    const first = values.of({ version: 0 });
    const made = Array.from({ length: 16 }, (_, index) => values.of({ version: index + 1 }));
    expect(made.map(({ version }) => values.of({ version }))).toEqual(made);
    expect(values.of({ version: 16 })).toBe(made[15]);
    expect(values.of({ version: 0 })).not.toBe(first);
  });
});
