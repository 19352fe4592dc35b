import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { GeneratorError, type Place, type Problem } from "../error.js";
import { fileFault } from "../file-fault.js";
import { type JsonNode, parseJson } from "../model/json.js";
import { tidyPath } from "./config.js";
import { onceEach } from "./once-each.js";

/** Something that is wrong in a value that was read: where, from the outside in, and what. */
export interface Mistake {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The file that `nanowire up` reads. */
export interface UpFile {
  /** The absolute path of its folder. */
  readonly directory: string;
  readonly value: unknown;
  /** Where in the file what is wrong stands. */
  readonly problemsOf: (mistakes: readonly Mistake[]) => readonly Problem[];
}

/**
 * Reads it.
 *
 * @param path relative to the working directory
 * @throws GeneratorError for a file that cannot be read, that is no JSON, or in which a key stands twice
 */
export function readUpFile(directory: string, path: string): UpFile {
  const file = tidyPath(directory, path);
  const absolute = resolve(directory, path);
  const root = parseJson(readText(absolute, file), file);
  const twice = repeatedKeys(root);
  if (twice.length > 0) {
    throw new GeneratorError(twice);
  }
  return {
    directory: dirname(absolute),
    value: root.value,
    problemsOf: (mistakes) => mistakes.map(({ path: to, message }) => ({ message, place: placeOf(root, to) })),
  };
}

function readText(absolute: string, file: string): string {
  try {
    return readFileSync(absolute, "utf8");
  } catch (error) {
    throw GeneratorError.of(`${file} cannot be read: ${fileFault(error)}`);
  }
}

/** All keys that stand twice, however deep. */
function repeatedKeys(node: JsonNode): readonly Problem[] {
  const problems: Problem[] = [];
  onceEach(node, problems);
  const inner = [...node.members.map((member) => member.node), ...node.items];
  return [...problems, ...inner.flatMap(repeatedKeys)];
}

/** Where a path leads, or as far as it does: what is missing is told where it belongs. */
function placeOf(root: JsonNode, path: readonly (string | number)[]): Place {
  let node = root;
  let place = root.place;
  for (const step of path) {
    const member = node.members.find(({ key }) => key === step);
    const next = typeof step === "number" ? node.items[step] : member?.node;
    if (next === undefined) {
      break;
    }
    place = member?.place ?? next.place;
    node = next;
  }
  return place;
}
