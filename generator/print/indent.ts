const indentWidth = 2;
/** After one of these a slash begins a regular expression, not a division. */
const beforeRegExp = /[=(,:[!&|?{};]$|\breturn$/;
/** One piece of code: a comment, a string, a bracket, the end of a line, a slash, or whatever is between those. */
const piece =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[\s\S])*`|[()[\]{}\n/"'`]|[^"'`/()[\]{}\n]+/g;
const regExp = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;

/**
 * Indents code by its brackets, and makes one empty line of several. Only space at the ends of lines is touched, so
 * the code stays what it was. (Formatting proper takes four times as long as everything else the generator does.)
 */
export function indentCode(code: string): string {
  const lines: string[] = [];
  /** For every open bracket, the line on which it stands. */
  let open: number[] = [];
  let openAtStart: readonly number[] = [];
  let line = "";

  const endLine = (): void => {
    const text = line.trim();
    if (text !== "") {
      // A line that begins with closing brackets stands where the line that opened them stands.
      const closing = /^[)\]}]*/.exec(text)?.[0].length ?? 0;
      const levels = new Set(openAtStart.slice(0, openAtStart.length - closing)).size;
      lines.push(" ".repeat(indentWidth * levels) + (text.startsWith("*") ? ` ${text}` : text));
    } else if (lines.length > 0 && lines.at(-1) !== "") {
      lines.push("");
    }
    line = "";
    openAtStart = [...open];
  };

  piece.lastIndex = 0;
  for (let found = piece.exec(code); found !== null; found = piece.exec(code)) {
    let text = found[0];
    if (text === "\n") {
      endLine();
      continue;
    }
    if (text === "/" && beforeRegExp.test(line.trimEnd())) {
      regExp.lastIndex = found.index;
      text = regExp.exec(code)?.[0] ?? text;
      piece.lastIndex = found.index + text.length;
    } else if (text === "(" || text === "[" || text === "{") {
      open.push(lines.length);
    } else if (text === ")" || text === "]" || text === "}") {
      open = open.slice(0, -1);
    }
    const [first = "", ...others] = text.startsWith("/*") ? text.split("\n") : [text];
    line += first;
    for (const other of others) {
      endLine();
      line = other;
    }
  }
  endLine();
  while (lines.at(-1) === "") {
    lines.pop();
  }
  return `${lines.join("\n")}\n`;
}
