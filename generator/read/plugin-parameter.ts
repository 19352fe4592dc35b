import { GeneratorError, type Problem } from "../error.js";
import { didYouMean } from "../near.js";

/** What protoc's `--nanowire_opt` or buf's `opt` says. */
export interface PluginParameter {
  /** The lock's path, relative to the working directory. Default: proto/routes.lock.json. */
  readonly lock: string;
  /** Whether JSON codecs are generated too. Default: true. */
  readonly json: boolean;
  /** Whether routes that are not in the given files are marked as removed. Default: false, an error. */
  readonly removed: boolean;
}

const keys = ["lock", "json", "removed"] as const;

/**
 * Reads `lock=proto/routes.lock.json,json=false`.
 *
 * @throws GeneratorError for a key that is not known or a value that it cannot have
 */
export function parsePluginParameter(parameter: string): PluginParameter {
  const problems: Problem[] = [];
  const values = new Map<string, string>();
  for (const part of parameter.split(",").filter((text) => text !== "")) {
    const equals = part.indexOf("=");
    const key = equals < 0 ? part : part.slice(0, equals);
    const value = equals < 0 ? "" : part.slice(equals + 1);
    if (!keys.some((known) => known === key)) {
      problems.push({ message: `there is no parameter ${key}${didYouMean(key, keys)} (known: ${keys.join(", ")})` });
    } else if (key === "lock" ? value === "" : value !== "true" && value !== "false") {
      problems.push({
        message: `parameter ${key} wants a value: ${key === "lock" ? "lock=FILE" : `${key}=true or ${key}=false`}`,
      });
    } else {
      values.set(key, value);
    }
  }
  if (problems.length > 0) {
    throw new GeneratorError(problems);
  }
  return {
    lock: values.get("lock") ?? "proto/routes.lock.json",
    json: values.get("json") !== "false",
    removed: values.get("removed") === "true",
  };
}
