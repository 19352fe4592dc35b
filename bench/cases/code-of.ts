import { dictionary } from "../generated/routes.js";

/** The code of a route of bench/proto. */
export function codeOf(route: string): number {
  const code = dictionary.routes[route];
  if (code === undefined) {
    throw new Error(`the dictionary has no route ${route}`);
  }
  return code;
}
