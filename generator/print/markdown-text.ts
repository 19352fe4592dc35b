import { type CommentLine, commentParagraphs } from "./comment-text.js";

/** A comment as Markdown: paragraphs with an empty line between them. */
export function markdownComment(comment: readonly string[]): string {
  return commentParagraphs(comment)
    .map((lines) => lines.map((line) => markdownLine(line)).join("\\\n"))
    .join("\n\n");
}

/** A comment for the cell of a table. */
export function markdownCell(comment: readonly string[]): string {
  return commentParagraphs(comment)
    .flatMap((lines) => lines.map((line) => markdownLine(line, markdownCellCode)))
    .join("<br>");
}

/** Text that stays text: nothing of it is markup. */
export function markdownText(text: string): string {
  return text
    .replace(/\p{Cc}/gu, "�")
    .replace(/[\\`*_[\]<>&|~$#!]/g, (character, offset: number) =>
      character === "_" && isInWord(text, offset) ? character : `\\${character}`,
    )
    .replace(/^([-+=])/, "\\$1")
    .replace(/^(\d+)([.)])/, "$1\\$2");
}

/** Text between backticks, as many as it takes. */
export function markdownCode(text: string): string {
  const clean = text.replace(/\p{Cc}/gu, "�");
  const longest = Math.max(0, ...[...clean.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const space = clean.startsWith("`") || clean.endsWith("`") || /^ .* $/.test(clean) ? " " : "";
  return `${fence}${space}${clean}${space}${fence}`;
}

/** Code for the cell of a table: there a bar ends the cell even between backticks. */
export function markdownCellCode(text: string): string {
  return markdownCode(text).replaceAll("|", "\\|");
}

function markdownLine(line: CommentLine, code = markdownCode): string {
  return line.map(({ isCode, text }) => (isCode ? code(text) : markdownText(text))).join("");
}

/** `snake_case` is no emphasis. */
function isInWord(text: string, offset: number): boolean {
  return /\w/.test(text[offset - 1] ?? "") && /\w/.test(text[offset + 1] ?? "");
}
