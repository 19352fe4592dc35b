import { didYouMean } from "../near.js";
import { lintRuleNames } from "./rules.js";

/** What a field may hold, as a comment says: `nanowire:lint:max 8 64` is at most 8 items of 64 bytes. */
export interface Bounds {
  /** Items of a repeated field or a map; bytes of a string or bytes. */
  readonly most: number;
  /** Bytes of each item. */
  readonly each?: number;
}

/** What the comments of one thing say to `nanowire lint`. */
export interface Directives {
  readonly ignored: ReadonlySet<string>;
  readonly bounds?: Bounds;
  /** What is wrong with them. */
  readonly faults: readonly string[];
}

/**
 * Reads the directives of a comment.
 *
 * @param lines the lines that begin with `nanowire:lint:`
 */
export function parseDirectives(lines: readonly string[]): Directives {
  const ignored = new Set<string>();
  const faults: string[] = [];
  let bounds: Bounds | undefined;
  for (const line of lines) {
    const [, verb = "", rest = ""] = /^\s*nanowire:lint:(\S*)\s*(.*)$/.exec(line) ?? [];
    if (verb === "ignore") {
      const [, rule = "", reason = ""] = /^(\S*)\s*(.*)$/.exec(rest) ?? [];
      if (!lintRuleNames.some((name) => name === rule)) {
        const own = "rules of buf's own are silenced with `// buf:lint:ignore`";
        faults.push(`there is no rule ${rule === "" ? "named" : rule}${didYouMean(rule, lintRuleNames)}; ${own}`);
      } else if (reason.trim() === "") {
        faults.push(`${rule} is ignored without a reason: write why after it`);
      } else {
        ignored.add(rule);
      }
    } else if (verb === "max") {
      const numbers = /^(\d{1,9})(?:\s+(\d{1,9}))?\s*$/.exec(rest);
      if (numbers === null) {
        faults.push("`max` wants a number: of items or bytes, and for items a second one, the bytes of each");
      } else {
        bounds = { most: Number(numbers[1]), ...(numbers[2] === undefined ? {} : { each: Number(numbers[2]) }) };
      }
    } else {
      faults.push(`there is no directive ${verb}${didYouMean(verb, ["ignore", "max"])}; there are ignore and max`);
    }
  }
  return { ignored, faults, ...(bounds === undefined ? {} : { bounds }) };
}
