import type { JsonValue } from "@bufbuild/protobuf";
import { isObject } from "../repl/assert-names.js";
import { isUnset } from "./is-unset.js";
import { memberPath } from "./json-path.js";

/** Two values that differ. One that is undefined is not there. */
export interface ValueDifference {
  readonly path: string;
  readonly captured: JsonValue | undefined;
  readonly replayed: JsonValue | undefined;
}

/**
 * Tells where two values differ, place by place. A field that is not there is the same as one that says nothing: types that gained a field are
 * no difference.
 *
 * @param isIgnored tells of places that are not compared
 */
export function* compareJson(
  captured: JsonValue | undefined,
  replayed: JsonValue | undefined,
  path: string,
  isIgnored: (path: string) => boolean,
): Generator<ValueDifference> {
  if (captured === replayed || isIgnored(path)) {
    return;
  }
  if (Array.isArray(captured) && Array.isArray(replayed)) {
    for (let index = 0; index < Math.max(captured.length, replayed.length); index++) {
      yield* compareJson(captured[index], replayed[index], `${path}[${index}]`, isIgnored);
    }
  } else if (isObject(captured) && isObject(replayed)) {
    for (const name of new Set([...Object.keys(captured), ...Object.keys(replayed)])) {
      yield* compareJson(memberOf(captured, name), memberOf(replayed, name), memberPath(path, name), isIgnored);
    }
  } else if (!(isUnset(captured) && isUnset(replayed) && (captured === undefined || replayed === undefined))) {
    yield { path, captured, replayed };
  }
}

/** What two values have in common that do not differ: a text that is the same for both. */
export function canonicalText(
  value: JsonValue | undefined,
  path: string,
  isIgnored: (path: string) => boolean,
): string {
  return JSON.stringify(canonical(value, path, isIgnored)) ?? "";
}

function canonical(
  value: JsonValue | undefined,
  path: string,
  isIgnored: (path: string) => boolean,
): JsonValue | undefined {
  if (isIgnored(path)) {
    return undefined;
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => canonical(item, `${path}[${index}]`, isIgnored) ?? null);
  }
  if (!isObject(value)) {
    return value;
  }
  const members = Object.keys(value)
    .sort()
    .map((name) => [name, canonical(value[name], memberPath(path, name), isIgnored)] as const)
    .filter((member): member is readonly [string, JsonValue] => !isUnset(member[1]));
  return Object.fromEntries(members);
}

function memberOf(value: { readonly [name: string]: JsonValue }, name: string): JsonValue | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}
