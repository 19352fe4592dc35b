/** Control characters, those that turn or hide text, line and paragraph separators, halves of pairs; not the one that joins emoji. */
const unsafe = /(?!\u200d)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * A line as a terminal may be given it, whoever wrote it: what a terminal would obey, or show as something else, is written as JSON
 * escapes it, `\u001b`. A line that is JSON stays that.
 */
export function printable(line: string): string {
  return line.replace(unsafe, (character) => character.split("").map(escaped).join(""));
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
