import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commands } from "../../runtime/repl/commands.js";
import { complete } from "../../runtime/repl/complete.js";
import { ProtocolBook } from "../../runtime/repl/protocol-book.js";
import { arenaBook } from "./support/arena.js";

const book = arenaBook();
const dictionary = ["Arena.Play", "Old.Route", "Evil.\u001b[2J"];
const at = (line: string) => complete(line, { commands, book, dictionary }).candidates;

describe("complete", () => {
  it.each([
    ["", [...commands.keys()].sort()],
    ["re", ["reconnect", "request"]],
    ["  req", ["request"]],
    ["foo", []],
    ["request ", ["Arena.Play", "Old.Route"]],
    ["request Ar", ["Arena.Play"]],
    ["notify ", ["Arena.Leave", "Old.Route"]],
    ["wait ", ["ArenaEvents.Played", "Old.Route"]],
    ["listen ", ["ArenaEvents.Played", "Old.Route", "all", "none"]],
    ["listen ArenaEvents.Played A", ["ArenaEvents.Played"]],
    ["describe arena.v1.P", ["arena.v1.PlayRequest", "arena.v1.PlayResponse"]],
    ["help des", ["describe"]],
    ["declare O", ["Old.Route"]],
    ["declare Old.Route n", ["notify"]],
    ["declare Old.Route push arena.v1.C", ["arena.v1.Card", "arena.v1.Colour"]],
    ["exit ", []],
    ["foo ", []],
  ])("%j: a command, or a name", (line, expected) => {
    expect(at(line)).toEqual(expected);
  });

  it.each([
    ["", ["{"]],
    ["{", ['"atMs": ', '"cards": ', '"colours": ', '"hands": ', '"name": ', '"password": ']],
    ['{"na', ['"name": ']],
    ['{"name": "x", "at_ms": "1", "', ['"cards": ', '"colours": ', '"hands": ', '"password": ']],
    ['{"name": ', []],
    ['{"cards": ', ["["]],
    ['{"cards": [', ["{"]],
    ['{"cards": [{"', ['"colour": ', '"isOpen": ', '"number": ', '"under": ']],
    ['{"cards": [{"isOpen": ', ["false", "true"]],
    ['{"cards": [{"isOpen": t', ["true"]],
    ['{"cards": [{"colour": "R', ['"RED"']],
    ['{"cards": [{"under": {"und', ['"under": ']],
    ['{"hands": {"left": {"num', ['"number": ']],
    ['{"hands": ', ["{"]],
    ['{"hands": {"', []],
    ['{"colours": ["B', ['"BLUE"']],
    ['{"nobody": {"', []],
    ['{"cards": {"', []],
    ["{}", []],
  ])("%j: the message of a request", (json, expected) => {
    expect(at(`request Arena.Play ${json}`)).toEqual(expected);
  });

  it("knows nothing of the messages of routes that it does not know", () => {
    expect(at("request Old.Route {")).toEqual([]);
    expect(complete("request A", { commands, book: new ProtocolBook(), dictionary: [] }).candidates).toEqual([]);
  });

  it("goes on with what is written, whatever it is", () => {
    const pieces = ["request ", "Arena.Play ", "{", "}", "[", '"cards"', ":", ",", '"', "x", " ", "\\", "describe "];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces)), (parts) => {
        const line = parts.join("");
        const { word, candidates } = complete(line, { commands, book, dictionary });
        expect(line.endsWith(word)).toBe(true);
        expect(candidates.filter((candidate) => !candidate.startsWith(word))).toEqual([]);
      }),
    );
  });
});
