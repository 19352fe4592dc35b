import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Whether a module is what node was asked to run: `if (isMain(import.meta.url)) …`. */
export function isMain(moduleUrl: string): boolean {
  const asked = process.argv[1];
  return asked !== undefined && realpathSync(asked) === fileURLToPath(moduleUrl);
}
