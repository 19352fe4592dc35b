import { GeneratorError, type Place } from "../error.js";

/** A JSON value that remembers where it stood. */
export interface JsonNode {
  readonly value: unknown;
  readonly place: Place;
  /** Of an object: every member in the order of the text, a key that stands twice being there twice. */
  readonly members: readonly JsonMember[];
  /** Of a list: every item. */
  readonly items: readonly JsonNode[];
}

/** A key of an object and its value. */
export interface JsonMember {
  readonly key: string;
  /** Where the key stands. */
  readonly place: Place;
  readonly node: JsonNode;
}

const space = /[ \t\r\n]*/y;
const literal =
  /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/uy;

/**
 * Parses JSON, and tells the places of what it holds: `JSON.parse` hides a key that stands twice, and says where it stopped only sometimes.
 *
 * @param file the file that the text is from, for places
 * @param advice what to do about text that is no JSON
 * @throws GeneratorError with the line and column where the text stops being JSON
 */
export function parseJson(text: string, file: string, advice = ""): JsonNode {
  let offset = text.startsWith("\uFEFF") ? 1 : 0;
  let line = 1;
  let lineStart = offset;

  /** The place of `offset`, which never goes back. */
  const here = (): Place => {
    for (let end = text.indexOf("\n", lineStart); end >= 0 && end < offset; end = text.indexOf("\n", lineStart)) {
      line++;
      lineStart = end + 1;
    }
    return { file, line, column: offset - lineStart + 1 };
  };

  const skip = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = offset;
    const found = pattern.exec(text)?.[0];
    offset += found?.length ?? 0;
    return found;
  };
  const fail = (): never => {
    const message = `this is not JSON${advice === "" ? "" : `: ${advice}`}`;
    throw new GeneratorError([{ message, place: here() }]);
  };
  const take = (character: string): boolean => {
    skip(space);
    const taken = text[offset] === character;
    offset += taken ? 1 : 0;
    return taken;
  };
  const readKey = (): string => {
    skip(space);
    const key: unknown = text[offset] === '"' ? JSON.parse(skip(literal) ?? fail()) : fail();
    return String(key);
  };
  const readNode = (): JsonNode => {
    skip(space);
    const place = here();
    if (take("{")) {
      const members: JsonMember[] = [];
      while (!take("}")) {
        if (members.length > 0 && !take(",")) {
          fail();
        }
        skip(space);
        const keyPlace = here();
        const key = readKey();
        if (!take(":")) {
          fail();
        }
        members.push({ key, place: keyPlace, node: readNode() });
      }
      return {
        value: Object.fromEntries(members.map(({ key, node }) => [key, node.value])),
        place,
        members,
        items: [],
      };
    }
    if (take("[")) {
      const items: JsonNode[] = [];
      while (!take("]")) {
        if (items.length > 0 && !take(",")) {
          fail();
        }
        items.push(readNode());
      }
      return { value: items.map((item) => item.value), place, members: [], items };
    }
    const value: unknown = JSON.parse(skip(literal) ?? fail());
    return { value, place, members: [], items: [] };
  };

  const node = readNode();
  skip(space);
  return offset === text.length ? node : fail();
}
