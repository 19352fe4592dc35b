// `nanowire/repl`: what `nanowire repl` runs.

export type { Descriptors } from "../protocol/descriptors-file.js";
export type { ReplSerializer } from "./conversation.js";
export { type ReplOptions, type ReplProcess, runRepl } from "./run-repl.js";
