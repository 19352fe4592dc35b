/** A piece of a comment: words, or what stands between backticks. */
export interface CommentPiece {
  readonly isCode: boolean;
  readonly text: string;
}

/** A line of a paragraph, as it is to be shown. */
export type CommentLine = readonly CommentPiece[];

/** The lines of a paragraph. */
export type CommentParagraph = readonly CommentLine[];

/**
 * Reads a comment as its writer meant it: an empty line ends a paragraph; a line goes on on the next one, unless that one is
 * indented, or the item of a list. Nothing but backticks is markup: the rest stays text.
 */
export function commentParagraphs(comment: readonly string[]): CommentParagraph[] {
  const paragraphs: string[][] = [];
  let isOpen = false;
  for (const line of comment) {
    if (line.trim() === "") {
      isOpen = false;
      continue;
    }
    const paragraph = isOpen ? paragraphs.at(-1) : undefined;
    if (paragraph === undefined) {
      paragraphs.push([line.trim()]);
    } else if (/^\s|^[-*+] |^\d+[.)] |^@\w/.test(line)) {
      paragraph.push(line.trim());
    } else {
      paragraph.push(`${paragraph.pop() ?? ""} ${line.trim()}`);
    }
    isOpen = true;
  }
  return paragraphs.map((lines) => lines.map(piecesOf));
}

function piecesOf(line: string): CommentPiece[] {
  return line
    .split(/(?<!`)(`[^`]+`)(?!`)/)
    .filter((text) => text !== "")
    .map((text) => (/^`[^`]+`$/.test(text) ? { isCode: true, text: text.slice(1, -1) } : { isCode: false, text }));
}
