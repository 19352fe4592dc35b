/**
 * JSON for people: in one line where that fits, else in several.
 *
 * @param width how many characters fit
 */
export function showJson(value: unknown, width: number): readonly string[] {
  const line = JSON.stringify(value) ?? "null";
  return line.length <= width ? [line] : JSON.stringify(value, undefined, 2).split("\n");
}

/** Text that came as JSON, as it came: what JavaScript makes of it could be another number. */
export function showJsonText(text: string, width: number): readonly string[] {
  try {
    const value: unknown = JSON.parse(text);
    return text.length <= width || JSON.stringify(value) !== text ? [text] : showJson(value, width);
  } catch {
    return [text];
  }
}
