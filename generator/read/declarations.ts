import type { Place } from "../error.js";
import type { ProtoFile } from "./proto-files.js";

/** A name that a .proto file declares. */
export interface Declaration {
  readonly kind: "type" | "value" | "field" | "method";
  /** With its package and what it stands in: `chat.v1.JoinRequest.name`. A value of an enum is a name beside the enum. */
  readonly name: string;
  /** The file, as others import it. */
  readonly file: string;
  readonly place: Place;
}

/** A comment, a text, a word, or a sign. */
const token = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[\w.]+|\S/g;
const types: ReadonlySet<string> = new Set(["message", "enum", "service"]);

/** What stands between braces, and the names in it begin with. */
interface Block {
  readonly kind: string;
  readonly prefix: string;
}

/**
 * Reads the names that a file declares, for what the compiler leaves unsaid when it refuses the file: so the file may be wrong anywhere,
 * and what is not understood is left out.
 */
export function readDeclarations({ name: file, path, bytes }: ProtoFile): Declaration[] {
  const text = new TextDecoder().decode(bytes);
  const words = [...text.matchAll(token)].filter(([word]) => !/^(?:\/[/*]|["'])/.test(word));
  const at = (index: number): string => words[index]?.[0] ?? "";
  const found: Declaration[] = [];
  const blocks: Block[] = [{ kind: "file", prefix: "" }];
  let opening: Block | undefined;
  for (const [index, { 0: word, index: position }] of words.entries()) {
    const [before, after] = [at(index - 1), at(index + 1)];
    const { kind, prefix } = blocks.at(-1) ?? { kind: "", prefix: "" };
    const declare = (what: Declaration["kind"], scope = prefix): void => {
      const lines = text.slice(0, position).split("\n");
      const place = { file: path, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
      found.push({ kind: what, name: scope + word, file, place });
    };
    if (word === "{") {
      blocks.push(opening ?? { kind: "", prefix });
      opening = undefined;
    } else if (word === "}") {
      blocks.pop();
    } else if (before === "package" && kind === "file") {
      blocks[0] = { kind, prefix: `${word}.` };
    } else if (types.has(before) && after === "{") {
      declare("type");
      // The values of an enum are names beside it.
      opening = { kind: before, prefix: before === "enum" ? prefix : `${prefix}${word}.` };
    } else if ((before === "oneof" || before === "extend") && after === "{") {
      opening = { kind: "message", prefix };
    } else if (kind === "service" && before === "rpc") {
      declare("method");
    } else if (kind === "enum" && after === "=" && /^[{};]$/.test(before)) {
      declare("value");
    } else if (kind === "message" && after === "=" && /^[\w.>]/.test(before) && before !== "option") {
      declare("field");
    }
  }
  return found;
}
