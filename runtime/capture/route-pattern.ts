/** Whether a route fits one of several patterns, in which `*` stands for any characters: `Room.*`. None: every route does. */
export function routeMatcher(patterns: readonly string[]): (route: string) => boolean {
  if (patterns.length === 0) {
    return () => true;
  }
  const expressions = patterns.map((pattern) => new RegExp(`^${pattern.split("*").map(escaped).join(".*")}$`, "su"));
  return (route) => expressions.some((expression) => expression.test(route));
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}
