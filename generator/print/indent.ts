// A hot file: every character of every generated codec passes it, megabytes in a large project. Lines are cut out of the text
// whole; nothing is made for a character or a bracket that is not kept.

const indentWidth = 2;
/** After one of these a slash begins a regular expression, not a division. */
const beforeRegExp = /[=(,:[!&|?{};]$|\breturn$/;
const lineComment = /\/\/[^\n]*/y;
const blockComment = /\/\*[\s\S]*?\*\//y;
const regExp = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
/** What a quotation mark begins: a string, or for a backtick a template. */
const quoted: ReadonlyMap<number, RegExp> = new Map([
  [0x22, /"(?:[^"\\\n]|\\.)*"/y],
  [0x27, /'(?:[^'\\\n]|\\.)*'/y],
  [0x60, /`(?:[^`\\]|\\[\s\S])*`/y],
]);
/** By character, whether it may say something of the structure: 1 for quotation marks, brackets, a slash, the end of a line. */
const isNotable = Uint8Array.from({ length: 0x80 }, (_, code) =>
  Number("\"'`/()[]{}\n".includes(String.fromCharCode(code))),
);
const newline = 0x0a;
const slash = 0x2f;

/**
 * Indents code by its brackets, and makes one empty line of several. Only space at the ends of lines is touched, so
 * the code stays what it was. (Formatting proper takes four times as long as everything else the generator does.)
 */
export function indentCode(code: string): string {
  const lines: string[] = [];
  /** For every open bracket, the line on which it stands, and how deep it makes what follows: those of one line count once. */
  const openLines: number[] = [];
  const openLevels: number[] = [];
  let lineStart = 0;
  /** How deep the line stands: as what holds it, or when it begins with closing brackets, as the line that opened them. */
  let lineLevel = 0;
  /** Where the closing brackets end that the line begins with; -1 when it begins with something else. */
  let closingEnd = -1;

  const endLine = (end: number): void => {
    const text = code.slice(lineStart, end).trim();
    if (text !== "") {
      lines.push(" ".repeat(indentWidth * lineLevel) + (text.startsWith("*") ? ` ${text}` : text));
    } else if (lines.length > 0 && lines.at(-1) !== "") {
      lines.push("");
    }
    lineStart = end + 1;
    lineLevel = openLevels.at(-1) ?? 0;
    closingEnd = -1;
  };

  let at = 0;
  const skip = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(code)?.[0];
  };
  while (at < code.length) {
    const character = code.charCodeAt(at);
    if (character > 0x7f || isNotable[character] === 0) {
      at++;
      continue;
    }
    if (character === newline) {
      endLine(at);
      at++;
      continue;
    }
    if (character === slash) {
      const comment = skip(lineComment) ?? skip(blockComment);
      if (comment === undefined) {
        const isRegExp = beforeRegExp.test(code.slice(lineStart, at).trimEnd());
        at += (isRegExp ? skip(regExp)?.length : undefined) ?? 1;
        continue;
      }
      const end = at + comment.length;
      for (let inner = code.indexOf("\n", at); inner >= 0 && inner < end; inner = code.indexOf("\n", inner + 1)) {
        endLine(inner);
      }
      at = end;
      continue;
    }
    const string = quoted.get(character);
    if (string !== undefined) {
      at += skip(string)?.length ?? 1;
      continue;
    }
    if (isOpening(character)) {
      const outerLine = openLines.at(-1);
      const outerLevel = openLevels.at(-1);
      openLevels.push(outerLevel === undefined ? 1 : outerLevel + (outerLine === lines.length ? 0 : 1));
      openLines.push(lines.length);
    } else {
      openLines.pop();
      openLevels.pop();
      if (closingEnd === at || (closingEnd < 0 && code.slice(lineStart, at).trim() === "")) {
        closingEnd = at + 1;
        lineLevel = openLevels.at(-1) ?? 0;
      }
    }
    at++;
  }
  endLine(code.length);
  while (lines.at(-1) === "") {
    lines.pop();
  }
  return `${lines.join("\n")}\n`;
}

function isOpening(character: number): boolean {
  return character === 0x28 || character === 0x5b || character === 0x7b;
}
