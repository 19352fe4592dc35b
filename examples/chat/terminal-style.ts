/** What a text can be made to look like. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "blue" | "magenta" | "cyan";

/** Makes a text look like something, or leaves it as it is where there are no colours. */
export type Paint = (style: Style, text: string) => string;

/** Paints with a terminal's escape sequences. */
export const colours: Paint = (style, text) => {
  const [begin, end] = codes[style];
  return `\u001b[${begin}m${text}\u001b[${end}m`;
};

/** Leaves every text as it is. */
export const noColours: Paint = (_style, text) => text;

/** Colours for a stream: only on a terminal, and only when NO_COLOR is not set (no-color.org). */
export function paintFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Paint {
  return stream.isTTY === true && (env["NO_COLOR"] ?? "") === "" ? colours : noColours;
}

/**
 * A stranger's text as a terminal may show it: on one line, and without the characters that begin a sequence which moves
 * the cursor or renames the window. What follows them stays, and is seen.
 */
export function printable(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\p{Cc}\p{Bidi_Control}]/gu, "");
}

/** What begins a style and what ends it: ECMA-48, SGR. */
const codes: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
};
