import { pathToFileURL } from "node:url";
import { NanowireError } from "../base/error.js";
import { defineScenario, type Scenario } from "./scenario.js";

/**
 * Loads a module of JavaScript and takes what it exports as its default.
 *
 * @param module a path, or a `file:` URL
 * @throws NanowireError `invalid_option` when it cannot be loaded, or exports no scenario
 */
export async function loadScenario(module: string | URL): Promise<Scenario> {
  const href = hrefOf(module);
  let exported: { readonly default?: unknown };
  try {
    exported = (await import(href)) as { readonly default?: unknown };
  } catch (cause) {
    const { stack, message } = Object(cause) as Partial<Error>;
    const why = stack ?? message ?? String(cause);
    throw new NanowireError("invalid_option", `scenario ${String(module)} cannot be loaded: ${why}`, { cause });
  }
  const scenario = exported.default;
  if (typeof scenario !== "object" || scenario === null || !("run" in scenario)) {
    const advice = "write `export default defineScenario({ name, run })`";
    throw new NanowireError("invalid_option", `scenario ${String(module)} exports none as its default: ${advice}`);
  }
  return defineScenario(scenario as Scenario);
}

/** The module's URL. */
export function hrefOf(module: string | URL): string {
  return typeof module === "string" && !module.startsWith("file:") ? pathToFileURL(module).href : String(module);
}
