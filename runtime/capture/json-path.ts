import { NanowireError } from "../base/error.js";

/** The path of a member: `payload.members`, `payload.labels["a b"]`. */
export function memberPath(path: string, name: string): string {
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
}

/** Tells whether a place in the answer of a route is not to be compared. */
export type IsIgnored = (route: string, path: string) => boolean;

/**
 * Reads what is not to be compared: `payload.atMs`, `payload.members[*].id`, `**.atMs`, `Room.Join:payload.token`. `*` stands for one name or number, `**` for any
 * way down. What is below such a place is not compared either.
 *
 * @throws NanowireError `invalid_option`
 */
export function ignoreMatcher(patterns: readonly string[]): IsIgnored {
  const rules = patterns.map((pattern) => {
    const [, route, path = ""] = /^(?:([^:[\]]*):)?(.*)$/s.exec(pattern) ?? [];
    if (!/^(?:payload|bytes|error|code|user|reason|\*\*)(?=[.[]|$)/.test(path)) {
      const what = `ignore ${pattern} begins with none of payload, bytes, error, code, user, reason or **: write payload.${path}`;
      throw new NanowireError("invalid_option", what);
    }
    const expression = path
      .split(/(\*\*\.?|\[\*\]|\*)/)
      .map((part) => wildcards[part] ?? part.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&"))
      .join("");
    return { route, place: new RegExp(`^${expression}(?=[.[]|$)`, "su") };
  });
  return (route, path) => rules.some((rule) => (rule.route ?? route) === route && rule.place.test(path));
}

const wildcards: Readonly<Record<string, string>> = {
  "**": ".*",
  "**.": "(?:.*\\.)?",
  "[*]": "\\[[^\\]]*\\]",
  "*": "[^.[\\]]*",
};
