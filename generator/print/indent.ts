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
  /** For every open bracket, the line on which it stands, and how deep it makes what follows: those of one line count once. */
  const open: { readonly line: number; readonly level: number }[] = [];
  let openAtStart: typeof open = [];
  let line = "";

  const endLine = (): void => {
    const text = line.trim();
    if (text !== "") {
      // A line that begins with closing brackets stands where the line that opened them stands.
      const closing = /^[)\]}]*/.exec(text)?.[0].length ?? 0;
      const level = openAtStart[openAtStart.length - closing - 1]?.level ?? 0;
      lines.push(" ".repeat(indentWidth * level) + (text.startsWith("*") ? ` ${text}` : text));
    } else if (lines.length > 0 && lines.at(-1) !== "") {
      lines.push("");
    }
    line = "";
    openAtStart = open.slice();
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
      const outer = open.at(-1);
      const level = outer === undefined ? 1 : outer.level + (outer.line === lines.length ? 0 : 1);
      open.push({ line: lines.length, level });
    } else if (text === ")" || text === "]" || text === "}") {
      open.pop();
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
