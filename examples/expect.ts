import { isDeepStrictEqual } from "node:util";

/** Shows what came in a scene, and ends the scene when the script says otherwise. */
export function expect(what: string, found: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(found, expected)) {
    throw new Error(`${what}: ${JSON.stringify(found)}; the script says ${JSON.stringify(expected)}`);
  }
  process.stdout.write(`${what}: ${typeof found === "string" ? found : JSON.stringify(found)}\n`);
}
