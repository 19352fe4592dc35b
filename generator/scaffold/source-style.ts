/** How a file of the user's is written, so that what is added looks like the rest. */
export interface SourceStyle {
  readonly eol: "\n" | "\r\n" | "\r";
  /** One step of indentation. */
  readonly unit: string;
  readonly quote: '"' | "'";
  readonly semicolon: ";" | "";
}

/** The style of a new file. */
export const plainStyle: SourceStyle = { eol: "\n", unit: "  ", quote: '"', semicolon: ";" };

/**
 * Guesses the style of a file.
 *
 * @param importText one of its import statements
 */
export function styleOf(text: string, importText: string): SourceStyle {
  const firstBreak = /\r\n|[\n\r]/.exec(text)?.[0];
  return {
    eol: firstBreak === "\r\n" || firstBreak === "\r" ? firstBreak : "\n",
    unit: indentUnit(text),
    quote: /["'](?=[^"']*$)/.exec(importText)?.[0] === "'" ? "'" : '"',
    semicolon: importText.trimEnd().endsWith(";") ? ";" : "",
  };
}

/** A tab when lines begin with tabs; else the smallest number of spaces that a line begins with. */
function indentUnit(text: string): string {
  const margins = [...text.matchAll(/^([ \t]+)(?=[^\s*])/gm)].map(([, margin = ""]) => margin);
  if (margins.some((margin) => margin.startsWith("\t"))) {
    return "\t";
  }
  const widths = margins.map((margin) => margin.length).filter((width) => width > 1);
  return widths.length === 0 ? plainStyle.unit : " ".repeat(Math.min(8, ...widths));
}
