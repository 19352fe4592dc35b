import type { Place } from "../error.js";
import type { ProtoFile } from "./proto-files.js";

/** A comment, a text, a word, or a sign. */
const token = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[\w.]+|\S/g;
const types: ReadonlySet<string> = new Set(["message", "enum", "service"]);

/**
 * Finds where else a package declares a name, of which the compiler tells one place only: a message, an enum, a service, or a value of an
 * enum, which is a name of the package too.
 *
 * @param at the place that the compiler tells
 * @returns undefined when nothing is found outside of messages and services: both places are then in one of them
 */
export function findDeclaredTwice(name: string, at: Place, files: readonly ProtoFile[]): Place | undefined {
  const scanned = files.map(({ path, bytes }) => scan(path, new TextDecoder().decode(bytes), name));
  const packageName = scanned.find(({ file }) => file === at.file)?.packageName;
  return scanned
    .filter((file) => file.packageName === packageName)
    .flatMap(({ places }) => places)
    .find(({ file, line }) => file !== at.file || line !== at.line);
}

interface ScannedFile {
  readonly file: string;
  readonly packageName: string;
  readonly places: readonly Place[];
}

function scan(file: string, text: string, name: string): ScannedFile {
  const words = [...text.matchAll(token)].filter(([word]) => !/^(?:\/[/*]|["'])/.test(word));
  const places: Place[] = [];
  let packageName = "";
  let depth = 0;
  let isEnum = false;
  for (const [index, { 0: word, index: position }] of words.entries()) {
    const before = words[index - 1]?.[0] ?? "";
    const isDeclared = depth === 0 ? types.has(before) : depth === 1 && isEnum && words[index + 1]?.[0] === "=";
    if (word === name && isDeclared) {
      const lines = text.slice(0, position).split("\n");
      places.push({ file, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 });
    }
    if (depth === 0 && before === "package") {
      packageName = word;
    } else if (depth === 0 && types.has(before)) {
      isEnum = before === "enum";
    }
    depth += word === "{" ? 1 : word === "}" ? -1 : 0;
  }
  return { file, packageName, places };
}
