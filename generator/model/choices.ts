/** What a project chooses of the form of what is generated. */
export interface Choices {
  /** Whether JSON codecs are generated for what the server sends and receives. */
  readonly json: boolean;
  /** How one generated file names another: `./room.js`, `./room.ts` or `./room`. */
  readonly importExtension: "js" | "ts" | "none";
  /** Whether `// @ts-nocheck` stands in every file. */
  readonly tsNocheck: boolean;
  /** What a 64-bit integer is. */
  readonly int64: "bigint" | "string" | "number";
  /** Whether a message keeps the fields that it does not know, and writes them again. */
  readonly unknownFields: boolean;
  /** Whose files are generated. */
  readonly side: "both" | "server" | "client";
}

/** What a project has that chooses nothing. */
export const defaultChoices: Choices = {
  json: true,
  importExtension: "js",
  tsNocheck: false,
  int64: "bigint",
  unknownFields: false,
  side: "both",
};

/** `.js`, `.ts` or nothing: what stands after the name of an imported file. */
export function importSuffix(choices: Choices): string {
  return choices.importExtension === "none" ? "" : `.${choices.importExtension}`;
}
