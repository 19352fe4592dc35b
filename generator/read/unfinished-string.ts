/** One piece of a .proto file: a comment, a string that ends on its line, a quote that begins one that does not, or what is between. */
const piece =
  /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*'|(?<quote>["'])|[^"'/]+|\//g;

/** The line and column, counted from 1, of the first string that does not end on its line; the beginning of the text when each does. */
export function findUnfinishedString(text: string): { readonly line: number; readonly column: number } {
  const found = [...text.matchAll(piece)].find(({ groups }) => groups?.["quote"] !== undefined);
  const lines = text.slice(0, found?.index ?? 0).split("\n");
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
