/** A step into a JSON value: a member of an object, or any item of an array. */
export type JsonStep = { readonly key: string } | "item";

/** What may be written at the end of JSON that is not finished. */
export type JsonCursor =
  | {
      readonly expects: "key";
      /** Where the object is. */
      readonly path: readonly JsonStep[];
      /** The keys that the object has already. */
      readonly given: readonly string[];
      /** What there is of the key, with its quotation mark. */
      readonly word: string;
    }
  | {
      readonly expects: "value";
      /** Where the value is. */
      readonly path: readonly JsonStep[];
      /** What there is of it. */
      readonly word: string;
    }
  | { readonly expects: "nothing" };

/** Finds out where in a JSON value its text breaks off. Text that cannot become JSON expects nothing. */
export function jsonCursor(text: string): JsonCursor {
  const frames: Frame[] = [{ kind: "whole", next: "value", keys: [], key: "" }];
  const token = /\s+|"(?:[^"\\]|\\[\s\S]|\\$)*("?)|[{}[\]:,]|[^\s{}[\]:,"]+/y;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [word, closing] = match;
    const frame = frames.at(-1);
    if (frame === undefined) {
      return nothing;
    }
    const isLast = token.lastIndex === text.length;
    if (word.trim() === "") {
      continue;
    }
    if (word.startsWith('"') ? closing === "" : isLast && !/^[{}[\]:,]$/.test(word)) {
      return at(frames, word);
    }
    if (!take(frames, frame, word)) {
      return nothing;
    }
  }
  return at(frames, "");
}

/** A value that is open. */
interface Frame {
  readonly kind: "whole" | "object" | "array";
  /** What comes next in it. */
  next: "key" | "colon" | "value" | "end";
  readonly keys: string[];
  /** The last key. */
  key: string;
}

/** Takes a token that is whole in. @returns whether it may stand there */
function take(frames: Frame[], frame: Frame, word: string): boolean {
  switch (word) {
    case "{":
    case "[":
      frames.push({ kind: word === "{" ? "object" : "array", next: word === "{" ? "key" : "value", keys: [], key: "" });
      return frame.next === "value";
    case "}":
    case "]": {
      frames.pop();
      const outer = frames.at(-1);
      if (outer !== undefined) {
        outer.next = "end";
      }
      return frame.kind === (word === "}" ? "object" : "array");
    }
    case ":": {
      const { next } = frame;
      frame.next = "value";
      return next === "colon";
    }
    case ",": {
      const { next } = frame;
      frame.next = frame.kind === "object" ? "key" : "value";
      return next === "end" && frame.kind !== "whole";
    }
    default: {
      const { next } = frame;
      if (next === "key") {
        frame.key = textOf(word);
        frame.keys.push(frame.key);
        frame.next = "colon";
        return word.startsWith('"');
      }
      frame.next = "end";
      return next === "value";
    }
  }
}

function at(frames: readonly Frame[], word: string): JsonCursor {
  const frame = frames.at(-1);
  const path = frames.slice(1).map((inner): JsonStep => (inner.kind === "array" ? "item" : { key: inner.key }));
  if (frame?.next === "key") {
    return { expects: "key", path: path.slice(0, -1), given: frame.keys, word };
  }
  return frame?.next === "value" ? { expects: "value", path, word } : nothing;
}

function textOf(word: string): string {
  try {
    return String(JSON.parse(word));
  } catch {
    return word;
  }
}

const nothing: JsonCursor = { expects: "nothing" };
