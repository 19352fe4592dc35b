/** The first word of a text, and what follows it, both without spaces around them. */
export function firstWord(text: string): readonly [word: string, rest: string] {
  const [, word = "", rest = ""] = /^\s*(\S*)\s*([\s\S]*?)\s*$/.exec(text) ?? [];
  return [word, rest];
}

/** The words of a text. */
export function wordsOf(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

/** Whether more lines belong to a command: a bracket of its JSON, which begins behind a space, is still open, and no text in it. */
export function goesOn(command: string): boolean {
  const start = command.trimStart().startsWith("#") ? -1 : command.search(/\s[{[]/);
  let depth = 0;
  let inText = false;
  for (let offset = start < 0 ? command.length : start; offset < command.length; offset++) {
    const character = command.charAt(offset);
    if (inText) {
      offset += character === "\\" ? 1 : 0;
      inText = character !== '"';
    } else if (character === '"') {
      inText = true;
    } else if ("{[".includes(character)) {
      depth++;
    } else if ("}]".includes(character)) {
      depth--;
    }
  }
  return depth > 0 && !inText;
}
