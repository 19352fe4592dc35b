import { expect, it } from "vitest";
import { SpareArrays } from "../../runtime/base/spare-arrays.js";

it("gives what it got, the last one first, and nothing when it has none", () => {
  const spares = new SpareArrays();
  const [first, second] = [new Uint8Array(8), new Uint8Array(16)];
  expect(spares.take()).toBeUndefined();
  spares.give(first);
  spares.give(second);
  expect([spares.take(), spares.take(), spares.take()]).toEqual([second, first, undefined]);
});

it("keeps a megabyte and no more", () => {
  const spares = new SpareArrays();
  for (let index = 0; index < 1_000; index++) {
    spares.give(new Uint8Array(4_096));
  }
  let count = 0;
  while (spares.take() !== undefined) {
    count++;
  }
  expect(count).toBe(256);
  spares.give(new Uint8Array(1_048_577));
  expect(spares.take()).toBeUndefined();
});
