import { describe, expect, test } from "vitest";
import { noSuchName } from "../../runtime/base/known-names.js";

describe("noSuchName", () => {
  test.each([
    ["Rom", ["Lobby", "Room"], "there is no thing Rom: there are Room, Lobby"],
    ["room", ["Lobby", "Room"], "there is no thing room: there are Room, Lobby"],
    ["a", [], "there is no thing a: there is none at all"],
    ["f", ["f1", "f2", "f3", "f4", "f5"], "there is no thing f: there are f1, f2, f3, f4, f5"],
    [
      "f7",
      ["f1", "f2", "f3", "f4", "f5", "far", "fx7"],
      "there is no thing f7: there are f1, f2, f3, f4, f5 and 2 more",
    ],
    ["kitten", ["sitting", "mitten"], "there is no thing kitten: there are mitten, sitting"],
    ["", ["ab", "a"], "there is no thing : there are a, ab"],
  ])("%s among %j", (name, known, told) => {
    expect(noSuchName(`thing ${name}`, name, known)).toBe(told);
  });
});
