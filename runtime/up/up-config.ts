import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { NanowireError } from "../base/error.js";
import { noSuchName } from "../base/known-names.js";

/** Which processes {@link up} starts, and how: what stands in nanowire.up.json. */
export interface UpConfig {
  /** In the order in which they are started, each when all of the one before are ready; they are stopped in the reverse one. At least one. */
  readonly roles: readonly UpRole[];
  /** Milliseconds that a process has to end by itself. It should be as long as its own `stopOnSignals({ graceMs })`: one that is there 5 seconds later is ended with SIGKILL. 0 to 86,400,000. Default: 10,000 */
  readonly graceMs?: number;
  /** Milliseconds within which a process that was started has to be ready; one that is not is ended, and counts as crashed. 100 to 3,600,000. Default: 30,000 */
  readonly readyTimeoutMs?: number;
}

/** Processes that run the same program. */
export interface UpRole {
  /** What it is called: a letter, then up to 31 letters, digits, `-` and `_`. Unique. */
  readonly name: string;
  /** The program, a file of JavaScript, relative to the configuration's folder. */
  readonly entry: string;
  /** How many there are: 1 to 256; `cores`: as many as the machine lets a process use. Default: 1 */
  readonly instances?: number | "cores";
  /** Variables of the environment, beside those that `up` itself has. None begins with `NANOWIRE_`. Default: none */
  readonly env?: Readonly<Record<string, string>>;
  /** What the program finds in `process.argv` behind its name. Default: nothing */
  readonly args?: readonly string[];
  /** What Node is told: `["--max-old-space-size=2048"]`. Default: nothing */
  readonly nodeArgs?: readonly string[];
  /** Whether a new process cannot run beside the old one, whose place it takes: both want a port of their own, say. In a roll the old one is stopped first then, and for a moment there is one less. Default: false */
  readonly alone?: boolean;
}

/** Something that is wrong in a configuration. */
export interface UpMistake {
  /** Where, from the outside in: `["roles", 1, "instances"]`. */
  readonly path: readonly (string | number)[];
  /** What is wrong: it names the thing, the value and its limits. */
  readonly message: string;
}

/** A configuration with everything filled in. */
export interface ResolvedUpConfig {
  readonly roles: readonly ResolvedUpRole[];
  readonly graceMs: number;
  readonly readyTimeoutMs: number;
}

/** A role with everything filled in. */
export interface ResolvedUpRole {
  readonly name: string;
  /** An absolute path. */
  readonly entry: string;
  readonly instances: number;
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly nodeArgs: readonly string[];
  readonly alone: boolean;
}

/**
 * Tells everything that is wrong with a configuration: keys that there are not, values that cannot be, programs that are not there.
 *
 * @param config what was read from a file, whatever it is
 * @param directory what `entry` is relative to. Default: the working directory
 * @returns nothing where all is well
 */
export function findUpMistakes(config: unknown, directory: string = process.cwd()): readonly UpMistake[] {
  const reader = new UpConfigReader(directory);
  reader.read(config);
  return reader.mistakes;
}

/**
 * Fills in the defaults.
 *
 * @throws NanowireError `invalid_option`, with everything that is wrong
 */
export function resolveUpConfig(config: UpConfig, directory: string): ResolvedUpConfig {
  const reader = new UpConfigReader(directory);
  const resolved = reader.read(config);
  if (reader.mistakes.length > 0) {
    throw new NanowireError("invalid_option", reader.mistakes.map(({ message }) => message).join("; "));
  }
  return resolved;
}

type Path = readonly (string | number)[];
type Members = Readonly<Record<string, unknown>>;

/** Reads a configuration to its end, whatever is wrong with it: what it returns is of use when there are no mistakes. */
class UpConfigReader {
  readonly mistakes: UpMistake[] = [];
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  read(config: unknown): ResolvedUpConfig {
    const members = this.#object([], config, configKeys);
    const roles = members["roles"];
    if (!Array.isArray(roles) || roles.length === 0) {
      this.#wrong(["roles"], roles, 'a list of at least one role, { "name": "gate", "entry": "dist/gate.js" }');
    }
    const list: readonly unknown[] = Array.isArray(roles) ? roles : [];
    const resolved = list.map((role, index) => this.#role(["roles", index], role));
    resolved.forEach(({ name }, index) => {
      const first = resolved.findIndex((role) => role.name === name);
      if (name !== "" && first !== index) {
        this.#say(["roles", index, "name"], `roles[${index}].name ${name} is that of roles[${first}], too`);
      }
    });
    return {
      roles: resolved,
      graceMs: this.#integer(["graceMs"], members["graceMs"] ?? 10_000, 0, 86_400_000),
      readyTimeoutMs: this.#integer(["readyTimeoutMs"], members["readyTimeoutMs"] ?? 30_000, 100, 3_600_000),
    };
  }

  #role(path: Path, role: unknown): ResolvedUpRole {
    const members = this.#object(path, role, roleKeys);
    // What is no object was told, and has no name to be told of besides.
    const isObject = members !== none;
    return {
      name: isObject ? this.#name([...path, "name"], members["name"]) : "",
      entry: isObject ? this.#entry([...path, "entry"], members["entry"]) : "",
      instances: this.#instances([...path, "instances"], members["instances"] ?? 1),
      env: this.#env([...path, "env"], members["env"] ?? {}),
      args: this.#texts([...path, "args"], members["args"] ?? []),
      nodeArgs: this.#texts([...path, "nodeArgs"], members["nodeArgs"] ?? []),
      alone: this.#boolean([...path, "alone"], members["alone"] ?? false),
    };
  }

  #object(path: Path, value: unknown, keys: readonly string[]): Members {
    if (!isObject(value)) {
      this.#wrong(path, value, `an object with ${keys.join(", ")}`);
      return none;
    }
    for (const key of Object.keys(value).filter((name) => !keys.includes(name))) {
      const where = path.length === 0 ? "" : ` in ${textOf(path)}`;
      this.#say([...path, key], noSuchName(`key ${JSON.stringify(key)}${where}`, key, keys));
    }
    return value;
  }

  #name(path: Path, value: unknown): string {
    if (typeof value === "string" && /^[a-zA-Z][\w-]{0,31}$/.test(value)) {
      return value;
    }
    this.#wrong(path, value, 'a letter and up to 31 letters, digits, "-" and "_"');
    return "";
  }

  #entry(path: Path, value: unknown): string {
    if (!isText(value) || value === "") {
      this.#wrong(path, value, "the path of a program");
      return "";
    }
    const file = resolve(this.#directory, value);
    try {
      if (!statSync(file).isFile()) {
        this.#say(path, `${textOf(path)} ${value} is no file: ${file}`);
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      this.#say(path, `${textOf(path)} ${value} is not there (${code}): ${file}`);
    }
    return file;
  }

  #instances(path: Path, value: unknown): number {
    if (value === "cores") {
      return Math.min(availableParallelism(), mostInstances);
    }
    return this.#integer(path, value, 1, mostInstances, ', or "cores"');
  }

  #boolean(path: Path, value: unknown): boolean {
    if (typeof value !== "boolean") {
      this.#wrong(path, value, "true or false");
    }
    return value === true;
  }

  #integer(path: Path, value: unknown, least: number, most: number, or = ""): number {
    if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) {
      return value;
    }
    this.#wrong(path, value, `an integer from ${least} to ${most}${or}`);
    return least;
  }

  #env(path: Path, value: unknown): Readonly<Record<string, string>> {
    if (!isObject(value)) {
      this.#wrong(path, value, "an object of strings");
      return {};
    }
    for (const [name, text] of Object.entries(value)) {
      if (!isText(text)) {
        this.#wrong([...path, name], text, "a string");
      } else if (name === "" || /[=\0]/.test(name)) {
        this.#say([...path, name], `${textOf(path)} has ${JSON.stringify(name)}, which is no name of a variable`);
      } else if (name.startsWith(ownPrefix)) {
        this.#say(
          [...path, name],
          `${textOf([...path, name])} is not yours to set: names that begin with ${ownPrefix} are told by up itself`,
        );
      }
    }
    return value as Readonly<Record<string, string>>;
  }

  #texts(path: Path, value: unknown): readonly string[] {
    if (!Array.isArray(value)) {
      this.#wrong(path, value, "a list of strings");
      return [];
    }
    value.forEach((text: unknown, index) => {
      if (!isText(text)) {
        this.#wrong([...path, index], text, "a string");
      }
    });
    return value;
  }

  #wrong(path: Path, value: unknown, expected: string): void {
    const name = path.length === 0 ? "the configuration" : textOf(path);
    this.#say(
      path,
      value === undefined ? `${name} is missing: ${expected}` : `${name} ${shown(value)} is not ${expected}`,
    );
  }

  #say(path: Path, message: string): void {
    this.mistakes.push({ path, message });
  }
}

const configKeys: readonly string[] = ["roles", "graceMs", "readyTimeoutMs"] satisfies (keyof UpConfig)[];
const roleKeys: readonly string[] = [
  "name",
  "entry",
  "instances",
  "env",
  "args",
  "nodeArgs",
  "alone",
] satisfies (keyof UpRole)[];

const none: Members = {};
const mostInstances = 256;
const ownPrefix = "NANOWIRE_";

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Text that can be handed to a process: it ends at a zero byte. */
function isText(value: unknown): value is string {
  return typeof value === "string" && !value.includes("\0");
}

/** `roles[1].instances` */
function textOf(path: Path): string {
  return path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`))
    .join("")
    .replace(/^\./, "");
}

function shown(value: unknown): string {
  return Array.isArray(value)
    ? `of ${value.length} items`
    : Object(value) === value
      ? `of type ${typeof value}`
      : (JSON.stringify(value) ?? String(value));
}
