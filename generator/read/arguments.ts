import { optional } from "../model/options.js";
import { readFlags } from "./flags.js";

/** What every command that reads a project takes. What is absent was not said. */
export interface ProjectFlags {
  readonly proto?: readonly string[];
  readonly out?: string;
  readonly lock?: string;
  readonly json?: boolean;
  readonly templates?: string;
  readonly descriptors?: string;
}

/** What the flags of `nanowire generate` say. */
export interface GenerateFlags extends ProjectFlags {
  readonly check: boolean;
  readonly help: boolean;
}

/** What the flags of `nanowire inspect` say. */
export interface InspectFlags {
  readonly project: ProjectFlags;
  /** Whether the model is printed as JSON, whole. */
  readonly json: boolean;
  readonly help: boolean;
}

/** What the flags of `nanowire docs` say. */
export interface DocsFlags {
  readonly project: ProjectFlags;
  /** The folder for the pages. */
  readonly out?: string;
  readonly title?: string;
  readonly check: boolean;
  readonly help: boolean;
}

const projectFlags = { "--proto": "DIR", "--lock": "FILE" } as const;
const repeatable = ["--proto"];

const generateFlags = {
  ...projectFlags,
  "--out": "DIR",
  "--templates": "DIR",
  "--descriptors": "FILE",
  "--json": undefined,
  "--no-json": undefined,
  "--check": undefined,
  "--help": undefined,
};

/**
 * Reads the flags of `nanowire generate`.
 *
 * @throws GeneratorError as {@link readFlags}, and for flags that contradict each other
 */
export function parseGenerateFlags(args: readonly string[]): GenerateFlags {
  const values = readFlags(args, { command: "generate", flags: generateFlags, repeatable }, (given) =>
    given.has("--json") && given.has("--no-json") ? [{ message: "--json and --no-json contradict each other" }] : [],
  );
  const saysJson = values.has("--json") || values.has("--no-json");
  return {
    ...projectOf(values),
    ...optional("out", values.get("--out")?.[0]),
    ...optional("templates", values.get("--templates")?.[0]),
    ...optional("descriptors", values.get("--descriptors")?.[0]),
    ...optional("json", saysJson ? values.has("--json") : undefined),
    check: values.has("--check"),
    help: values.has("--help"),
  };
}

/**
 * Reads the flags of `nanowire inspect`.
 *
 * @throws GeneratorError as {@link readFlags}
 */
export function parseInspectFlags(args: readonly string[]): InspectFlags {
  const flags = { ...projectFlags, "--json": undefined, "--help": undefined };
  const values = readFlags(args, { command: "inspect", flags, repeatable });
  return { project: projectOf(values), json: values.has("--json"), help: values.has("--help") };
}

/**
 * Reads the flags of `nanowire docs`.
 *
 * @throws GeneratorError as {@link readFlags}
 */
export function parseDocsFlags(args: readonly string[]): DocsFlags {
  const flags = { ...projectFlags, "--out": "DIR", "--title": "TEXT", "--check": undefined, "--help": undefined };
  const values = readFlags(args, { command: "docs", flags, repeatable });
  return {
    project: projectOf(values),
    ...optional("out", values.get("--out")?.[0]),
    ...optional("title", values.get("--title")?.[0]),
    check: values.has("--check"),
    help: values.has("--help"),
  };
}

function projectOf(values: ReadonlyMap<string, readonly string[]>): ProjectFlags {
  return { ...optional("proto", values.get("--proto")), ...optional("lock", values.get("--lock")?.[0]) };
}
