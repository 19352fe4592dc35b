// A hot file: every character of every generated codec passes it, megabytes in a large project. Lines are cut out of the text
// whole; nothing is made for a character or a bracket that is not kept.

/** What stands before a line, by how deep it is. */
const indents = Array.from({ length: 32 }, (_, level) => " ".repeat(2 * level));
/** After one of these a slash begins a regular expression, not a division. */
const beforeRegExp = /[=(,:[!&|?{};]$|\breturn$/;
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
const space = 0x20;
const star = 0x2a;
const slash = 0x2f;

/**
 * Indents code by its brackets, and makes one empty line of several. Only space at the ends of lines is touched, so
 * the code stays what it was. (Formatting proper takes four times as long as everything else the generator does.)
 */
export function indentCode(code: string): string {
  const lines: string[] = [];
  /** How deep what follows stands, and the line of the innermost open bracket: brackets of one line count once. */
  let level = 0;
  let openLine = -1;
  /** For every open bracket, what these were before it. */
  const outerLevels: number[] = [];
  const outerLines: number[] = [];
  let lineStart = 0;
  /** How deep the line stands: as what holds it, or when it begins with closing brackets, as the line that opened them. */
  let lineLevel = 0;
  /** Where the closing brackets end that the line begins with; -1 when it begins with something else. */
  let closingEnd = -1;

  let at = 0;
  while (at < code.length) {
    const character = code.charCodeAt(at);
    if (character > 0x7f || isNotable[character] === 0) {
      at++;
    } else if (character === newline) {
      addLine(lines, code, lineStart, at, lineLevel);
      lineStart = ++at;
      lineLevel = level;
      closingEnd = -1;
    } else if (character === slash) {
      const end = endOfComment(code, at);
      if (end < 0) {
        const isRegExp = beforeRegExp.test(code.slice(lineStart, at).trimEnd());
        at = isRegExp ? endOf(regExp, code, at) : at + 1;
        continue;
      }
      for (let inner = code.indexOf("\n", at); inner >= 0 && inner < end; inner = code.indexOf("\n", inner + 1)) {
        addLine(lines, code, lineStart, inner, lineLevel);
        lineStart = inner + 1;
        lineLevel = level;
        closingEnd = -1;
      }
      at = end;
    } else if (isOpening(character)) {
      outerLevels.push(level);
      outerLines.push(openLine);
      level += openLine === lines.length ? 0 : 1;
      openLine = lines.length;
      at++;
    } else if (isClosing(character)) {
      level = outerLevels.pop() ?? 0;
      openLine = outerLines.pop() ?? -1;
      if (closingEnd === at || (closingEnd < 0 && isBlank(code, lineStart, at))) {
        closingEnd = at + 1;
        lineLevel = level;
      }
      at++;
    } else {
      const string = quoted.get(character);
      at = string === undefined ? at + 1 : endOf(string, code, at);
    }
  }
  addLine(lines, code, lineStart, code.length, lineLevel);
  while (lines.at(-1) === "") {
    lines.pop();
  }
  return `${lines.join("\n")}\n`;
}

function addLine(lines: string[], code: string, from: number, to: number, level: number): void {
  const start = startOfText(code, from, to);
  let end = to;
  while (end > start && code.charCodeAt(end - 1) === space) {
    end--;
  }
  // Space that is not the usual one.
  const text = code.slice(start, end).trim();
  if (text !== "") {
    const indent = indents[level] ?? " ".repeat(2 * level);
    lines.push(text.charCodeAt(0) === star ? `${indent} ${text}` : indent + text);
  } else if (lines.length > 0 && lines.at(-1) !== "") {
    lines.push("");
  }
}

function isBlank(code: string, from: number, to: number): boolean {
  const start = startOfText(code, from, to);
  const character = start < to ? code.charCodeAt(start) : space;
  // Most often it is a letter, and nothing has to be cut out to know.
  return (character <= space || character > 0x7f) && code.slice(start, to).trim() === "";
}

/** Where the first character stands that is no space; `to` when there is none. */
function startOfText(code: string, from: number, to: number): number {
  let start = from;
  while (start < to && code.charCodeAt(start) === space) {
    start++;
  }
  return start;
}

/** Where the comment ends that a slash begins; -1 when it begins none. */
function endOfComment(code: string, at: number): number {
  const next = code.charCodeAt(at + 1);
  if (next === slash) {
    const end = code.indexOf("\n", at);
    return end < 0 ? code.length : end;
  }
  const end = next === star ? code.indexOf("*/", at + 2) : -1;
  return end < 0 ? -1 : end + 2;
}

/** Where what a pattern finds at a place ends; the next character when it finds nothing. */
function endOf(pattern: RegExp, code: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(code) ? pattern.lastIndex : at + 1;
}

function isOpening(character: number): boolean {
  return character === 0x28 || character === 0x5b || character === 0x7b;
}

function isClosing(character: number): boolean {
  return character === 0x29 || character === 0x5d || character === 0x7d;
}
