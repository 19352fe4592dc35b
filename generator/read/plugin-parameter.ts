import { GeneratorError, type Problem } from "../error.js";
import { didYouMean } from "../near.js";
import {
  type GivenOptions,
  type OptionName,
  type OptionRow,
  type OptionValues,
  optionsAt,
  orList,
  placeholder,
  readText,
  rowOf,
  toOptionValues,
} from "./option-table.js";

/**
 * Reads what protoc's `--nanowire_opt` or buf's `opt` says: `lock=proto/routes.lock.json,json=false`.
 *
 * @throws GeneratorError for a name that is not known, one that is given twice, or a value that it cannot have
 */
export function parsePluginParameter(parameter: string): OptionValues {
  const problems: Problem[] = [];
  const names = optionsAt("parameter");
  const given: GivenOptions = {};
  for (const part of parameter.split(",").filter((text) => text !== "")) {
    const equals = part.indexOf("=");
    const key = equals < 0 ? part : part.slice(0, equals);
    const text = equals < 0 ? "" : part.slice(equals + 1);
    const name = names.find((known) => known === key);
    if (name === undefined) {
      problems.push({ message: `there is no parameter ${key}${didYouMean(key, names)} (known: ${names.join(", ")})` });
      continue;
    }
    const row = rowOf(name);
    const value = readText(row, text);
    if (text === "") {
      problems.push({ message: `parameter ${key} wants a value: ${usage(name, row)}` });
    } else if (value === undefined) {
      problems.push({ message: `parameter ${key} cannot be ${text}: write ${usage(name, row)}` });
    } else if (given[name] !== undefined) {
      problems.push({ message: `parameter ${key} is given twice` });
    } else {
      given[name] = value;
    }
  }
  if (problems.length > 0) {
    throw new GeneratorError(problems);
  }
  return toOptionValues(given);
}

/** `json=true or json=false`, `lock=FILE`. */
function usage(name: OptionName, row: OptionRow): string {
  const values = row.kind === "switch" ? ["true", "false"] : (row.values ?? [placeholder(row)]);
  return orList(values.map((value) => `${name}=${value}`));
}
