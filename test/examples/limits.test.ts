import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { maxNameLength, maxTextLength } from "../../examples/chat/limits.js";

/** A character takes at most 4 bytes in UTF-8. */
const mostBytes = { name: maxNameLength * 4, text: maxTextLength * 4 };

test("room.proto says of each text that is pushed how many bytes the room lets through at most", () => {
  const text = readFileSync(new URL("../../proto/chat/v1/room.proto", import.meta.url), "utf8");
  const said = [...text.matchAll(/nanowire:lint:max (\d+)\n\s*string (name|text) =/g)].map(([, most, field]) => [
    field,
    Number(most),
  ]);
  expect(said).toEqual([
    ["name", mostBytes.name],
    ["name", mostBytes.name],
    ["text", mostBytes.text],
    ["name", mostBytes.name],
  ]);
});
