import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What nanowire's own package.json says, as far as the generator wants to know. */
export interface OwnPackage {
  /** The folder that holds package.json, proto/ and generator/templates/: from the sources and from dist/ alike. */
  readonly root: string;
  readonly version: string;
  /** The ranges of the packages that the generator needs and the runtime does not. */
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** Finds nanowire's own package: the nearest package.json above this file that bears its name. */
export function readOwnPackage(): OwnPackage {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const own = readPackage(folder);
    if (own !== undefined) {
      return own;
    }
    const parent = dirname(folder);
    if (parent === folder) {
      throw new Error("the package of nanowire is not complete: its package.json is missing");
    }
    folder = parent;
  }
}

/** nanowire's own options.proto, as it is published. */
export function readOwnOptions(own: OwnPackage): Uint8Array {
  return readFileSync(join(own.root, "proto", "nanowire", "options.proto"));
}

function readPackage(root: string): OwnPackage | undefined {
  let text: string;
  try {
    text = readFileSync(join(root, "package.json"), "utf8");
  } catch {
    return undefined;
  }
  const json: Partial<Record<"name" | "version" | "peerDependencies", unknown>> = JSON.parse(text);
  if (json.name !== "nanowire" || typeof json.version !== "string") {
    return undefined;
  }
  return { root, version: json.version, peerDependencies: stringValues(json.peerDependencies) };
}

function stringValues(value: unknown): Record<string, string> {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}
