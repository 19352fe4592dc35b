import { hex } from "../protocol/hex.js";

/** One step of a conversation. */
export type Step =
  | { readonly kind: "send" | "expect"; readonly line: number; readonly bytes: Uint8Array }
  | { readonly kind: "step"; readonly line: number; readonly milliseconds: number }
  | { readonly kind: "end"; readonly line: number };

/** A conversation between a client and the server. */
export interface Conversation {
  readonly options: Readonly<Record<string, unknown>>;
  readonly steps: readonly Step[];
}

/** Reads a conversation; test/conformance/README.md tells how it is written. */
export function parseConversation(source: string): Conversation {
  const options: Record<string, unknown> = {};
  const steps: Step[] = [];
  for (const { line, text } of statementsOf(source)) {
    const [, word = "", rest = ""] = /^(\S+)([\s\S]*)$/.exec(text) ?? [];
    switch (word) {
      case "server":
        Object.assign(options, JSON.parse(rest));
        break;
      case ">":
      case "<":
        steps.push({ kind: word === ">" ? "send" : "expect", line, bytes: hex(rest) });
        break;
      case "step":
        steps.push({ kind: "step", line, milliseconds: Number(rest) });
        break;
      case "end":
        steps.push({ kind: "end", line });
        break;
      default:
        throw new Error(`line ${line} begins with ${word}`);
    }
  }
  return { options, steps };
}

/** Lines with those that go on with them, without notes that stand alone. */
function statementsOf(source: string): { line: number; text: string }[] {
  const statements: { line: number; text: string }[] = [];
  for (const [index, text] of source.split("\n").entries()) {
    if (/^\s/.test(text)) {
      const last = statements.at(-1);
      if (last === undefined) {
        throw new Error(`line ${index + 1} goes on with nothing`);
      }
      last.text += `\n${text}`;
    } else if (text !== "" && !text.startsWith("#")) {
      statements.push({ line: index + 1, text });
    }
  }
  return statements;
}
