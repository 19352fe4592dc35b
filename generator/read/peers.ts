import { createRequire } from "node:module";
import { join } from "node:path";
import { GeneratorError } from "../error.js";
import type { OwnPackage } from "./package-root.js";

/** The packages that the generator needs: optional peer dependencies, since a server that only runs needs none of them. */
export const generatorPeers = ["@bufbuild/buf", "handlebars", "ts-morph", "ts-proto"] as const;

/** One of them. */
export type PeerName = (typeof generatorPeers)[number];

/** Requires modules of a package as that package's user would. */
export type PeerRequire = NodeJS.Require;

/** buf's packages with the native binary, by `process.platform` and `process.arch`. */
const bufPlatforms: Readonly<Record<string, string>> = {
  "darwin arm64": "darwin-arm64",
  "darwin x64": "darwin-x64",
  "linux arm": "linux-armv7",
  "linux arm64": "linux-aarch64",
  "linux x64": "linux-x64",
  "win32 arm64": "win32-arm64",
  "win32 x64": "win32-x64",
};

/**
 * Finds the given packages beside nanowire, or else from the working directory.
 *
 * @returns for each, a `require` that finds the package's own modules
 * @throws GeneratorError one error that names every package that is missing or of another version, and the command that installs them
 */
export function findPeers<const N extends readonly PeerName[]>(
  own: OwnPackage,
  directory: string,
  names: N,
): { readonly [I in keyof N]: PeerRequire } {
  const found: PeerRequire[] = [];
  const missing: string[] = [];
  const install: string[] = [];
  for (const name of names) {
    const range = own.peerDependencies[name];
    const peer = findPeer(own, directory, name);
    if (peer !== undefined && accepts(range, peer.version)) {
      found.push(peer.require);
      continue;
    }
    missing.push(peer === undefined ? `${name} is not installed` : `${name} is ${peer.version}, not ${range}`);
    install.push(range === undefined ? name : `${name}@${range.replace(/^[\^~]/, "")}`);
  }
  if (missing.length > 0) {
    throw GeneratorError.of(
      `the generator needs packages that a running server does not: ${missing.join(", ")}. Install what is needed with\n  npm install -D ${install.join(" ")}`,
    );
  }
  return found as { readonly [I in keyof N]: PeerRequire };
}

/**
 * Requires a module of a package that makes more possible where it is installed, beside nanowire or else from the working directory; undefined where it is not. The
 * package need not let its package.json be read.
 */
export function requireOptional(own: OwnPackage, directory: string, module: string): unknown {
  for (const from of [own.root, directory]) {
    const requireFrom = createRequire(join(from, "package.json"));
    try {
      requireFrom.resolve(module);
    } catch {
      continue;
    }
    return requireFrom(module);
  }
  return undefined;
}

/**
 * The path of buf's native binary.
 *
 * @throws GeneratorError when the package that holds it for this platform is missing
 */
export function findBufBinary(requireBuf: PeerRequire): string {
  const key = `${process.platform} ${process.arch}`;
  const platform = bufPlatforms[key];
  if (platform === undefined) {
    throw GeneratorError.of(
      `buf has no binary for ${key}: generate on another machine, or use protoc with the plugin protoc-gen-nanowire`,
    );
  }
  const name = `@bufbuild/buf-${platform}`;
  try {
    return requireBuf.resolve(`${name}/bin/${process.platform === "win32" ? "buf.exe" : "buf"}`);
  } catch {
    throw GeneratorError.of(
      `buf's binary for this platform is not installed (optional dependencies were left out). Install it with\n  npm install -D ${name}@${readVersion(requireBuf, "./package.json") ?? "latest"}`,
    );
  }
}

function findPeer(
  own: OwnPackage,
  directory: string,
  name: PeerName,
): { readonly require: PeerRequire; readonly version: string } | undefined {
  for (const from of [own.root, directory]) {
    const requireFrom = createRequire(join(from, "package.json"));
    const version = readVersion(requireFrom, `${name}/package.json`);
    if (version !== undefined) {
      return { require: createRequire(requireFrom.resolve(`${name}/package.json`)), version };
    }
  }
  return undefined;
}

function readVersion(require: PeerRequire, packageJson: string): string | undefined {
  try {
    const json: { readonly version?: unknown } = require(packageJson);
    return typeof json.version === "string" ? json.version : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a version is in a range: `1.2.3`, `^1.2.3` or `~1.2.3`. Any other range accepts what npm has installed. */
function accepts(range: string | undefined, version: string): boolean {
  const parsed = /^([\^~]?)(\d+)\.(\d+)\.(\d+)$/.exec(range ?? "");
  const actual = /^(\d+)\.(\d+)\.(\d+)/.exec(version);
  if (parsed === null || actual === null) {
    return true;
  }
  const [operator, ...wanted] = parsed.slice(1);
  const [major = 0, minor = 0, patch = 0] = wanted.map(Number);
  const [actualMajor = 0, actualMinor = 0, actualPatch = 0] = actual.slice(1).map(Number);
  const notOlder = actualMinor > minor || (actualMinor === minor && actualPatch >= patch);
  switch (operator) {
    case "^":
      return actualMajor === major && notOlder && (major > 0 || actualMinor === minor);
    case "~":
      return actualMajor === major && actualMinor === minor && actualPatch >= patch;
    default:
      return actualMajor === major && actualMinor === minor && actualPatch === patch;
  }
}
