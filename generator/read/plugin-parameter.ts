import { GeneratorError, type Problem } from "../error.js";
import { optional } from "../model/options.js";
import { didYouMean } from "../near.js";

/** What protoc's `--nanowire_opt` or buf's `opt` says. */
export interface PluginParameter {
  /** The lock's path, relative to the working directory. Default: proto/routes.lock.json. */
  readonly lock: string;
  /** Whether JSON codecs are generated too. Default: true. */
  readonly json: boolean;
  /** Whether routes that are not in the given files are marked as removed. Default: false, an error. */
  readonly removed: boolean;
  /** The folder of the user's own templates, relative to the working directory. Default: none. */
  readonly templates?: string;
}

const keys = ["lock", "json", "removed", "templates"] as const;
/** Key → what its value is, for those that are not true or false. */
const paths: ReadonlyMap<string, string> = new Map([
  ["lock", "FILE"],
  ["templates", "DIR"],
]);

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
    } else if (paths.has(key) ? value === "" : value !== "true" && value !== "false") {
      const wanted = paths.has(key) ? `${key}=${paths.get(key)}` : `${key}=true or ${key}=false`;
      problems.push({ message: `parameter ${key} wants a value: ${wanted}` });
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
    ...optional("templates", values.get("templates")),
  };
}
